/**
 * Everything outside that the broker's runtime needs: the process gives the real ones, the
 * simulator its own.
 */

export interface Timer { cancel (): void }

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs (): number
  setTimer (delayMs: number, run: () => void): Timer
  /** Runs once this turn of the event loop is over. */
  atTurnEnd (run: () => void): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Environment extends Clock {
  /** Milliseconds since some moment; goes on evenly, whatever the wall clock is set to. */
  monotonicMs (): number
  /** Uniform in [0, 1). */
  random (): number
  /** A random UUID in its 36-character form. */
  newUuid (): string
  /** The MD5 of the bytes, as four words. */
  md5 (bytes: Uint8Array, into: Uint32Array): void
  /** A random id in Kafka's form: 22 characters of base64, never one that starts with `-`. */
  newId (): string
  /** Whether this is an address, or the name of a host that is known. */
  resolves (host: string): Promise<boolean>
  log (level: LogLevel, message: string, fields?: object): void
}
