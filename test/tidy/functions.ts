/** Where the functions of a source begin and end, found by matching braces. */
import type { Token } from './scanner.ts'
import { codeOf } from './scanner.ts'

export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
}

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
/** What stands before parentheses that are no parameters. */
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await'])

/** The functions with a block for a body; an arrow without one is an expression. */
export function functionsOf (source: string): FunctionSpan[] {
  const tokens = codeOf(source)
  const partner = partners(tokens)
  const heads = new Map<number, number>()
  tokens.forEach(({ text, kind }, index) => {
    if (kind !== 'punctuation') return
    if (text === '=>' && tokens[index + 1]?.text === '{') heads.set(index + 1, heads.get(index + 1) ?? index - 1)
    if (text !== '(' || STATEMENTS.has(tokens[index - 1]?.text ?? '')) return
    const body = bodyAfter(tokens, partner, partner.get(index) as number + 1)
    if (body !== undefined) heads.set(body, index)
  })
  return [...heads].sort(([a], [b]) => a - b).map(([body, head]) => {
    const { line } = tokens[head] as Token
    const end = tokens[partner.get(body) as number] as Token
    return { name: nameAt(tokens, head), line, lines: end.line - line + 1 }
  })
}

/** The index of each bracket's partner, both ways. */
function partners (tokens: Token[]): Map<number, number> {
  const partner = new Map<number, number>()
  const open: number[] = []
  tokens.forEach(({ kind, text }, index) => {
    if (kind !== 'punctuation') return
    if (text in CLOSERS) open.push(index)
    if (!/^[)\]}]$/.test(text)) return
    const start = open.pop()
    if (start === undefined || CLOSERS[tokens[start]?.text ?? ''] !== text) {
      throw new Error(`line ${tokens[index]?.line}: ${text} closes nothing`)
    }
    partner.set(start, index).set(index, start)
  })
  return partner
}

/** The brace of the body that follows parameters, directly or behind a type, an arrow or both. */
function bodyAfter (
  tokens: Token[], partner: Map<number, number>, after: number
): number | undefined {
  const end = tokens[after]?.text === ':' ? typeEnd(tokens, partner, after + 1) : after
  const body = tokens[end]?.text === '=>' ? end + 1 : end
  return tokens[body]?.text === '{' ? body : undefined
}

/** The index behind a type. */
function typeEnd (tokens: Token[], partner: Map<number, number>, start: number): number {
  let index = start
  for (;;) {
    while (/^(?:\||&|-|keyof|typeof|readonly|infer|asserts|unique|new)$/.test(tokens[index]?.text ?? '')) index++
    const isGroup = tokens[index]?.text === '('
    index = operandEnd(tokens, partner, index)
    while (tokens[index]?.text === '[' && tokens[index]?.line === tokens[index - 1]?.line) {
      index = partner.get(index) as number + 1
    }
    const next = tokens[index]?.text ?? ''
    if (!/^(?:\||&|\.|is|extends)$/.test(next) && !(isGroup && next === '=>')) return index
    index++
  }
}

/** The index behind a name with its arguments, a literal or a pair of brackets. */
function operandEnd (tokens: Token[], partner: Map<number, number>, start: number): number {
  const pair = partner.get(start)
  if (pair !== undefined) return pair + 1
  let index = start + 1
  if (tokens[index]?.text !== '<') return index
  for (let depth = 0; index < tokens.length; index++) {
    const { text } = tokens[index] as Token
    if (text === '<') depth++
    if (text === '>' && --depth === 0) return index + 1
  }
  return index
}

/** What the function is called: the word before its parameters, or a test's first string. */
function nameAt (tokens: Token[], head: number): string {
  const { line } = tokens[head] as Token
  const before =
    tokens.slice(Math.max(0, head - 12), head).filter(token => token.line === line).reverse()
  if (before[0]?.text === '>') before.splice(0, before.findIndex(({ text }) => text === '<') + 1)
  const name = before.find(({ kind, text }) => kind === 'string' || (kind === 'word' && text !== 'async'))
  return name?.text ?? 'a function'
}
