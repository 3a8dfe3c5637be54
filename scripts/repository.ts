/** The repository as its scripts and laws see it: where it is and what is in it. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root, from the compiled scripts; ends with a slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** The files below a folder of the repository, as sorted paths from the root. */
export function filesUnder (folder: string, ending: string): string[] {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => `${entry.parentPath.slice(root.length)}/${entry.name}`)
    .sort()
}

/** What Node is started with for a program `FOLDER/NAME` in a process of its own. */
export function programWords (name: string): string[] {
  return [`${root}scripts/run.mjs`, '--built', name]
}

/** Where the compiler puts a source. */
export function compiled (source: string): string {
  return `dist/${source.replace(/\.ts$/, '.js')}`
}
