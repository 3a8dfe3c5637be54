/**
 * An answer as it is recorded: what is another in each run is named, and what means nothing is left
 * out.
 */
import type { Json } from '../../../protocol/json.ts'
import type { Rule } from './form.ts'
import { find, replace } from './paths.ts'
import type { Variables } from './variables.ts'

/** Clocks of two processes of one machine, and a slow machine between them. */
const CLOCK_MS = 600_000

/**
 * Binds what the rules name, and gives the answer in the form in which two runs can be compared.
 */
export function present (
  answer: Json, rules: readonly Rule[], variables: Variables, nowMs: number
): Json {
  const json = structuredClone(answer)
  for (const rule of rules) {
    switch (rule.rule) {
      case 'sort':
        replace(json, rule.path, value => sorted(value, rule.by))
        break
      case 'let': {
        const value = find(json, rule.path)
        if (value !== undefined) variables.bind(variables.ofVersion(rule.name), value, rule.path.split('.').at(-1) as string)
        break
      }
      case 'clock':
        replace(json, rule.path, value => Math.abs(Number(value) - nowMs) < CLOCK_MS ? '<clock>' : value)
        break
      case 'any':
        replace(json, rule.path, () => '<any>')
        break
      case 'without':
        replace(json, rule.path, value => Array.isArray(value)
          ? value.filter(each => !rule.is.split('|').includes(String((each as Record<string, Json>)[rule.field])))
          : value)
        break
      case 'until': break
    }
  }
  return variables.named(json)
}

function sorted (value: Json, by: string): Json {
  if (!Array.isArray(value)) return value
  const key = (json: Json): string => JSON.stringify(by === '.' ? json : (json as Record<string, Json>)[by])
  return value.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)]
    const numbers = Number(x) - Number(y)
    if (!Number.isNaN(numbers)) return numbers
    return x < y ? -1 : x > y ? 1 : 0
  })
}
