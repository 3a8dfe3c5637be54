/** The sources as the laws read them, and what a law finds. */
import { readFileSync } from 'node:fs'
import { root, trackedFiles } from '../../scripts/repository.ts'

export interface Source {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

/** Says where each source breaks the law: `path:line what`. */
export type Law = (sources: readonly Source[]) => string[]

const SOURCE = /^(?:protocol|src|test|scripts)\/.*\.ts$|^scripts\/.*\.mjs$/

/** What the laws are about: not what somebody has left lying in the checkout. */
const paths = trackedFiles()

/** Those with one of these endings below a folder, or everywhere without one. */
export function tracked (folder = '', ...endings: string[]): string[] {
  const isWanted = (path: string): boolean =>
    endings.length === 0 || endings.some(each => path.endsWith(each))
  return paths.filter(path => path.startsWith(folder) && isWanted(path))
}

export function allSources (): Source[] {
  return paths.filter(path => SOURCE.test(path)).map(read)
}

export function read (path: string): Source {
  return { path, text: readFileSync(root + path, 'utf8') }
}

export function inFolder (sources: readonly Source[], folder: string): Source[] {
  return sources.filter(({ path }) => path.startsWith(`${folder}/`))
}
