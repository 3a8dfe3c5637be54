/**
 * What the programs in JavaScript and TypeScript share: cases run one after another, and a line of
 * JSON is printed for each. The compiled file is copied beside the programs that run elsewhere.
 */
import { isDeepStrictEqual } from 'node:util'

/** Of one case: a rebalance on a busy machine is within it, a hang is not. */
const LIMIT_MS = 45_000
const WHY_CHARACTERS = 600

export const bootstrap: string = process.env.BOOTSTRAP ?? '127.0.0.1:9092'

let names = 0

/** A name that no other case of this program uses. */
export function fresh (kind: string): string { return `${kind}-${++names}` }

export function tell (line: object): void { process.stdout.write(`${JSON.stringify(line)}\n`) }

/** Runs them in order, each by its name, and ends the process: clients leave timers behind. */
export async function run (
  cases: Readonly<Record<string, () => Promise<unknown>>>
): Promise<never> {
  let isWhole = true
  for (const [name, test] of Object.entries(cases)) {
    try {
      await within(LIMIT_MS, name, test())
      tell({ case: name, ok: true })
    } catch (error) {
      isWhole = false
      tell({ case: name, ok: false, why: describe(error) })
    }
  }
  process.exit(isWhole ? 0 : 1)
}

/** Rejects when it takes longer. */
export function within<T> (limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`${what}: not done within ${limitMs / 1000} s`)) }, limitMs)
    promise.then(resolve, reject).finally(() => { clearTimeout(timer) })
  })
}

/** Throws an Error that shows both when they differ. */
export function same (actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(`${what}: ${show(actual)} in place of ${show(expected)}`)
}

export function ok (value: unknown, what: string): void {
  if (value === false || value === undefined || value === null) throw new Error(what)
}

/** Asks again and again until the answer is as wanted; the case's limit is its own. */
export async function eventually<T> (
  ask: () => T | Promise<T>, isRight: (answer: T) => boolean
): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isRight(answer)) return answer
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}

function show (value: unknown): string {
  return JSON.stringify(value, (_key, each) => typeof each === 'bigint' ? `${each}n` : each as unknown) ?? String(value)
}

function describe (error: unknown): string {
  const { message, cause, errors } =
    error as { message?: string, cause?: unknown, errors?: unknown[] }
  const inner = errors?.[0] ?? cause
  const own = message === undefined ? show(error) : message
  return (inner === undefined ? own : `${own}: ${describe(inner)}`).slice(0, WHY_CHARACTERS)
}
