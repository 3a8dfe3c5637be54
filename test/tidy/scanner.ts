/**
 * Cuts a TypeScript source into tokens: enough to tell code from strings, templates, comments and
 * regular expressions, so that a law reads only what it is about.
 */

export type TokenKind = 'word' | 'number' | 'string' | 'template' | 'regex' | 'comment' | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Counted from 1. */
  readonly line: number
}

interface Scan {
  readonly source: string
  position: number
  line: number
  readonly tokens: Token[]
  /** The braces open in each template's substitution; the last is the innermost. */
  readonly substitutions: number[]
}

/** Words after which a slash begins a regular expression. */
const BEFORE_REGEX = new Set([
  'return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'else', 'do', 'await', 'yield',
])

const PATTERNS: ReadonlyArray<[TokenKind, RegExp]> = [
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y],
  ['string', /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y],
  ['number', /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.(?!\.)[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*)n?/y],
  ['word', /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy],
  ['punctuation', /=>|\.\.\.|\?\?=?|\?\.(?!\d)|&&=?|\|\|=?|\*\*=?|[=!]==?|[+-]{2}|<=|[+\-*/%&|^]=|[^\s]/uy],
]
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y

/** Every law reads every source, so each is cut once. */
const scanned = new Map<string, readonly Token[]>()

export function scan (source: string): readonly Token[] {
  const known = scanned.get(source)
  if (known !== undefined) return known
  const state: Scan = { source, position: 0, line: 1, tokens: [], substitutions: [] }
  while (state.position < source.length) step(state)
  scanned.set(source, state.tokens)
  return state.tokens
}

/** The tokens without comments. */
export function codeOf (source: string): Token[] {
  return scan(source).filter(({ kind }) => kind !== 'comment')
}

function step (state: Scan): void {
  const character = state.source[state.position] as string
  if (/\s/.test(character)) return skip(state)
  if (character === '`') return template(state)
  if (character === '}' && state.substitutions.at(-1) === 0) {
    state.substitutions.pop()
    return template(state)
  }
  if (character === '/' && slashBeginsRegex(state) && take(state, 'regex', REGEX)) return
  for (const [kind, pattern] of PATTERNS) {
    if (!take(state, kind, pattern)) continue
    if (character === '{' || character === '}') countBrace(state, character)
    return
  }
  throw new Error(`line ${state.line}: nothing begins with ${character}`)
}

function skip (state: Scan): void {
  if (state.source[state.position] === '\n') state.line++
  state.position++
}

function countBrace (state: Scan, brace: string): void {
  const last = state.substitutions.length - 1
  if (last >= 0) (state.substitutions[last] as number) += brace === '{' ? 1 : -1
}

function take (state: Scan, kind: TokenKind, pattern: RegExp): boolean {
  pattern.lastIndex = state.position
  const text = pattern.exec(state.source)?.[0]
  if (text === undefined) return false
  push(state, kind, text)
  return true
}

function push (state: Scan, kind: TokenKind, text: string): void {
  state.tokens.push({ kind, text, line: state.line })
  state.position += text.length
  state.line += text.split('\n').length - 1
}

/** From a backtick, or the brace that ends a substitution, to the next substitution or the end. */
function template (state: Scan): void {
  const pattern = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y
  pattern.lastIndex = state.position
  const match = pattern.exec(state.source)
  if (match === null) throw new Error(`line ${state.line}: a template that does not end`)
  push(state, 'template', match[0])
  if (match[1] === '${') state.substitutions.push(0)
}

function slashBeginsRegex (state: Scan): boolean {
  if (/^\/[/*]/.test(state.source.slice(state.position, state.position + 2))) return false
  const before = state.tokens.findLast(({ kind }) => kind !== 'comment')
  if (before === undefined) return true
  if (before.kind === 'word') return BEFORE_REGEX.has(before.text)
  if (before.kind === 'template') return before.text.endsWith('${')
  return before.kind === 'punctuation' && !/^(?:[)\]]|\+\+|--)$/.test(before.text)
}
