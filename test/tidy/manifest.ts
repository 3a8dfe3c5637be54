/** What the package says of itself. */
import { importsOf } from './imports.ts'
import type { Source } from './sources.ts'

export interface Manifest {
  readonly license?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Dependencies that nothing imports; those of the development may also be run or configured. */
export function unusedDependencies (
  manifest: Manifest, sources: readonly Source[], settings: readonly string[],
  commandsOf: (name: string) => string[]
): string[] {
  const imported =
    new Set(sources.flatMap(({ path, text }) => importsOf(path, text).map(({ from }) => from)))
  const isImported = (name: string): boolean =>
    [...imported].some(from => from === name || from.startsWith(`${name}/`))
  const said = [...Object.values(manifest.scripts ?? {}), ...settings].join('\n')
  // Types are asked for by the bare name of their package.
  const isSaid = (name: string): boolean =>
    new RegExp(`(?:^|[\\s"'/])${name.replace(/^@types\//, '').replace(/[/.]/g, '\\$&')}(?:$|[\\s"'/])`, 'm').test(said)
  const unused = Object.keys(manifest.dependencies ?? {}).filter(name => !isImported(name))
  const unusedDev = Object.keys(manifest.devDependencies ?? {}).filter(name =>
    !isImported(name.replace(/^@types\//, '')) && !isSaid(name) && !commandsOf(name).some(isSaid))
  return [...unused, ...unusedDev]
}

/** Packages that the code imports and the manifest does not name. */
export function undeclaredDependencies (manifest: Manifest, sources: readonly Source[]): string[] {
  const declared = { ...manifest.dependencies, ...manifest.devDependencies }
  return sources.flatMap(({ path, text }) => importsOf(path, text)
    .filter(({ from }) => !/^(?:node:|protocol\/|src\/|test\/|scripts\/|dist\/)/.test(from))
    .filter(({ from }) => !(/^(?:@[^/]+\/)?[^/]+/.exec(from)?.[0] as string in declared))
    .map(({ from, line }) => `${path}:${line} ${from}`))
}

/** The places of the lock that name the machine that a package came from. */
export function registriesIn (lock: string): string[] {
  return [...lock.matchAll(/"resolved": *"[^"]*"/g)].map(([place]) => place)
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >
}

/**
 * Packages for other platforms that the lock leaves out: `npm ci` refuses it, on this platform as
 * well.
 */
export function platformsWithout ({ packages }: Lock): string[] {
  const places = Object.keys(packages)
  return Object.values(packages).flatMap(
    ({ optionalDependencies = {} }) => Object.keys(optionalDependencies)
  )
    .filter(name => !places.some(place => place.endsWith(`node_modules/${name}`)))
}

/** What of these paths stands at the repository's top level without that anyone decided it. */
export function strangersAtTheTop (paths: readonly string[]): string[] {
  const entries = new Set(paths.map(path => path.replace(/\/.*/, '')))
  return [...entries].filter(entry => !TOP_LEVEL.has(entry))
}

const TOP_LEVEL = new Set([
  '.ci', '.dockerignore', '.gitignore', '.npmrc', '.taprc', 'CHANGELOG.md', 'CONTRIBUTING.md', 'Dockerfile', 'LICENSE',
  'README.md', 'container', 'docs', 'package-lock.json', 'package.json', 'protocol', 'scripts', 'src', 'test', 'tsconfig.json',
])
