/** What a source imports, and which room of the house a path belongs to. */
import { posix } from 'node:path'
import type { Token } from './scanner.ts'
import { codeOf } from './scanner.ts'

export interface Import {
  /**
   * A path from the repository's root for the house's own files, else the specifier as it stands.
   */
  readonly from: string
  readonly line: number
  /** `import type`: gone when compiled. */
  readonly typeOnly: boolean
  /** What is taken, by the names that it has there; `*` for all of it. */
  readonly names: readonly string[]
}

/** Static imports, exports from elsewhere and dynamic imports of a literal. */
export function importsOf (path: string, source: string): Import[] {
  const tokens = codeOf(source)
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'string' || !isSpecifier(tokens, index)) return []
    const specifier = token.text.slice(1, -1)
    const from = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
    return [
      {
        from, line: token.line, typeOnly: isTypeOnly(tokens, index), names: namesOf(tokens, index),
      },
    ]
  })
}

function isSpecifier (tokens: Token[], index: number): boolean {
  const before = tokens[index - 1]
  if (before?.kind === 'word' && before.text === 'import') return true
  if (before?.text === '(' && tokens[index - 2]?.text === 'import') return true
  if (before?.kind !== 'word' || before.text !== 'from') return false
  return statementStart(tokens, index) !== undefined
}

/** The `import` or `export` of the statement that ends with this specifier. */
function statementStart (tokens: Token[], index: number): number | undefined {
  for (let at = index - 1; at >= 0; at--) {
    const { kind, text } = tokens[at] as Token
    if (text === 'import' || text === 'export') return at
    if (kind !== 'word' && !/^[{},*]$/.test(text)) return undefined
  }
  return undefined
}

function isTypeOnly (tokens: Token[], index: number): boolean {
  const start = statementStart(tokens, index)
  return start !== undefined && tokens[start + 1]?.text === 'type'
}

function namesOf (tokens: Token[], index: number): string[] {
  const start = statementStart(tokens, index)
  // A dynamic import gives all; one without names runs the file.
  if (start === undefined) return ['*']
  const words = tokens.slice(start + 1, index - 1).filter(({ text }, at) => at > 0 || text !== 'type')
  const open = words.findIndex(({ text }) => text === '{')
  const names = open === 0 || words.length === 0 ? [] : [words[0]?.text === '*' ? '*' : 'default']
  for (let at = open + 1; open >= 0 && at < words.length; at++) {
    const before = words[at - 1]?.text
    if (words[at]?.kind === 'word' && (before === '{' || before === ',')) names.push(words[at]?.text as string)
  }
  return names
}
