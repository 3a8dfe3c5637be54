/** The sources as the laws read them, and what a law finds. */
import { readFileSync } from 'node:fs'
import { filesUnder, root } from '../../scripts/repository.ts'

export interface Source {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

/** Says where each source breaks the law: `path:line what`. */
export type Law = (sources: readonly Source[]) => string[]

const FOLDERS = ['protocol', 'src', 'test', 'scripts']

export function allSources (): Source[] {
  return [...FOLDERS.flatMap(folder => filesUnder(folder, '.ts')), ...filesUnder('scripts', '.mjs')].map(read)
}

export function read (path: string): Source {
  return { path, text: readFileSync(root + path, 'utf8') }
}

export function inFolder (sources: readonly Source[], folder: string): Source[] {
  return sources.filter(({ path }) => path.startsWith(`${folder}/`))
}
