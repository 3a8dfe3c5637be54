/**
 * What is exported is used: by another file, or it is no export; a type by its own file at least.
 * What a module gives as a whole (`export default`) is for the tool that loads it.
 */
import { importsOf } from './imports.ts'
import { codeOf } from './scanner.ts'
import type { Token } from './scanner.ts'
import type { Law } from './sources.ts'

/**
 * The language is whole, with both sides of every message; a package, the library, hooks and the
 * build's last step are for others.
 */
const FREE = /^protocol\/(?:messages|stored)\/|\.d\.ts$|^src\/index\.ts$|-hooks\.ts$|^scripts\/house\/bundle\.ts$/
const FOLDERS = /^(?:protocol|src|scripts|test\/(?:support|simulation))\//

export const exportsAreUsed: Law = sources => {
  const used = new Set<string>()
  for (const { path, text } of sources) {
    for (const { from, names } of importsOf(path, text)) for (const name of names) used.add(`${from} ${name}`)
  }
  return sources.filter(({ path }) => FOLDERS.test(path) && !FREE.test(path) && !used.has(`${path} *`))
    .flatMap(({ path, text }) => exportsOf(codeOf(text))
      .filter(({ name, isTold }) => !isTold && !used.has(`${path} ${name}`) && !isProgram(path, name))
      .map(({ name, line }) => `${path}:${line} exports ${name}, which nobody imports`))
}

/** What scripts/run.mjs calls, by the name that npm gives it. */
function isProgram (path: string, name: string): boolean {
  return path.startsWith('scripts/') && name === 'main'
}

interface Export {
  readonly name: string
  readonly line: number
  /** A type that its file names besides: in what it exports, it is told to others. */
  readonly isTold: boolean
}

function exportsOf (tokens: readonly Token[]): Export[] {
  return tokens.flatMap(({ kind, text, line }, at) => {
    if (kind !== 'word' || text !== 'export') return []
    let index = at + 1
    while (/^(?:async|abstract|declare)$/.test(tokens[index]?.text ?? '')) index++
    const what = tokens[index]?.text ?? ''
    if (!/^(?:const|let|function|class|interface|type|enum)$/.test(what)) return []
    if (tokens[index + 1]?.text === '*') index++
    const name = tokens[index + 1]
    if (name?.kind !== 'word') return []
    const isType = what === 'interface' || what === 'type'
    return [{ name: name.text, line, isTold: isType &&
      tokens.filter(other => other.text === name.text).length > 1 }]
  })
}
