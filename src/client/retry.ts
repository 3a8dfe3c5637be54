/** Trying again what may succeed later: bounded, with growing pauses (KIP-580). */
import { isRetriable, KafkaError } from '../../protocol/errors.ts'
import { ClientError } from './error.ts'

export interface RetryOptions {
  /** Of the first pause; each is twice as long as the one before. */
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly attemptsMax: number
}

export const retryDefaults: RetryOptions = {
  retryBackoffMs: 100, retryBackoffMaxMs: 1000, attemptsMax: 10,
}

/** A fifth more or less, so that many do not come back at the same moment. */
const JITTER = 0.2

export function mayTryAgain (error: unknown): boolean {
  return error instanceof KafkaError
    ? isRetriable(error.errorCode)
    : error instanceof ClientError && error.isRetriable
}

/** The pause after this many failures, in ms. `chance` is from 0 to 1. */
export function pauseMs (failures: number, options: RetryOptions, chance: number): number {
  const wanted = Math.min(options.retryBackoffMaxMs, options.retryBackoffMs * 2 ** (failures - 1))
  return wanted * (1 + JITTER * (2 * chance - 1))
}

/**
 * Rejects with the last error; `between` runs before each further attempt, to forget what was
 * wrong.
 */
export async function retrying<T> (
  run: () => Promise<T>, options: RetryOptions, between: (error: unknown) => void
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run()
    } catch (error) {
      if (failures >= options.attemptsMax || !mayTryAgain(error)) throw error
      between(error)
      await new Promise(
        resolve => { setTimeout(resolve, pauseMs(failures, options, Math.random())) }
      )
    }
  }
}
