/**
 * The `match` patterns of client metrics subscriptions (KIP-714, D13.18). Clients write them, so
 * they are matched in linear time: the syntax is RE2's, which is Java's without look-around,
 * references back and possessive repetition.
 */
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

const MATCH_NAMES: ReadonlySet<string> = new Set([
  'client_instance_id', 'client_id', 'client_software_name', 'client_software_version',
  'client_source_address', 'client_source_port',
])

const LENGTH_MAX = 1024
/**
 * Instructions that a pattern may become, before it is compiled and after: some tens of
 * milliseconds.
 */
const SIZE_ESTIMATE_MAX = 20_000
const SIZE_MAX = 10_000

const packages = createRequire(import.meta.url)

/** What a client is chosen by, and whether a text is the one that is asked for, all of it. */
export type ClientMatch = readonly [name: string, matches: (text: string) => boolean]

/** Reads `name=regex`; undefined is a pattern that Kafka, or RE2, refuses. */
export function clientMatch (pattern: string): ClientMatch | undefined {
  const [name = '', expression, ...more] = splitAtEquals(pattern)
  if (expression === undefined || more.length > 0 || !MATCH_NAMES.has(name.trim())) return undefined
  const compiled = compile(expression.trim())
  return compiled === undefined ? undefined : [name.trim(), text => compiled.matches(text)]
}

/** Java's `split` forgets the empty parts at the end: `a=b==` is a pair, `a=` is none. */
function splitAtEquals (pattern: string): string[] {
  const parts = pattern.split('=')
  while (parts.at(-1) === '') parts.pop()
  return parts
}

function compile (expression: string): RE2JS | undefined {
  if (expression.length > LENGTH_MAX || sizeEstimate(expression) > SIZE_ESTIMATE_MAX) {
    return undefined
  }
  // It takes as long to load as a third of a broker's start, and hardly any broker needs it.
  const re2js = packages('re2js') as { RE2JS: typeof RE2JS, RE2JSSyntaxException: new () => Error }
  try {
    const compiled = re2js.RE2JS.compile(expression)
    return compiled.programSize() > SIZE_MAX ? undefined : compiled
  } catch (error) {
    if (error instanceof re2js.RE2JSSyntaxException) return undefined
    throw error
  }
}

/** A counted repetition is compiled as often as it counts. */
function sizeEstimate (expression: string): number {
  let copies = 1
  for (const [, least, most] of expression.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)) {
    copies += Math.max(Number(least), Number(most ?? 0))
  }
  return expression.length * copies
}
