/** The repository as its scripts and laws see it: where it is and what is in it. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root, from the compiled scripts; ends with a slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** The files that there are below a folder, whoever made them, as sorted paths from the root. */
export function filesUnder (folder: string, ending: string): string[] {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => `${entry.parentPath.slice(root.length)}/${entry.name}`)
    .sort()
}

/**
 * What belongs to the repository in a folder, as sorted paths from there: the files that git tracks
 * and that are there. Where there is no git, as in an archive of a release, all that .gitignore
 * does not name.
 */
export function trackedFiles (folder = root): string[] {
  const listed = existsSync(join(folder, '.git'))
    ? spawnSync('git', ['ls-files', '-z'], { cwd: folder, encoding: 'utf8' })
    : undefined
  if (listed?.status !== 0) return unignoredIn(folder, '', ignoredNames(folder)).sort()
  return listed.stdout.split('\0').filter(path => path !== '' && existsSync(join(folder, path))).sort()
}

/**
 * The lines of .gitignore: names of files or, with a slash behind, of folders; `*` is any part of
 * one.
 */
function ignoredNames (folder: string): RegExp {
  const lines = readFileSync(join(folder, '.gitignore'), 'utf8').split('\n').filter(line => line !== '')
  const names = lines.map(line => line.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'))
  return new RegExp(`^(?:\\.git/|${names.map(name => name.endsWith('/') ? name : `${name}/?`).join('|')})$`)
}

function unignoredIn (folder: string, below: string, ignored: RegExp): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap(entry => {
    if (ignored.test(entry.isDirectory() ? `${entry.name}/` : entry.name)) return []
    const path = below + entry.name
    return entry.isDirectory() ? unignoredIn(folder, `${path}/`, ignored) : [path]
  })
}

/** What Node is started with for a program `FOLDER/NAME` in a process of its own. */
export function programWords (name: string): string[] {
  return [`${root}scripts/run.mjs`, '--built', name]
}

/** Where the compiler puts a source. */
export function compiled (source: string): string {
  return `dist/${source.replace(/\.ts$/, '.js')}`
}
