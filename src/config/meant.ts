/** Texts that come from outside, from people and compose files, may be empty, padded or quoted. */
import { ConfigError } from './error.ts'

/** Without the blanks and the one pair of quotes around it; undefined if nothing is left: unset. */
export function meant (text: string | null | undefined): string | undefined {
  const trimmed = (text ?? '').trim()
  // Compose leaves the quotes of NAME="value" in a list of variables as they are.
  const quoted = /^(["'])(.*)\1$/s.exec(trimmed)
  const inner = quoted === null ? trimmed : (quoted[2] as string).trim()
  return inner === '' ? undefined : inner
}

/** Throws ConfigError for a value that is none of the choices; undefined if it is unset. */
export function oneOf<T extends string> (
  name: string, text: string | undefined, choices: readonly T[]
): T | undefined {
  const value = meant(text)
  if (value === undefined) return undefined
  const choice = choices.find(it => it.toLowerCase() === value.toLowerCase())
  if (choice !== undefined) return choice
  throw new ConfigError(`${name}=${value}: it must be one of ${choices.join(', ')}`)
}
