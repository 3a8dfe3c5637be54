/**
 * The loggers that DescribeConfigs shows and IncrementalAlterConfigs changes (KIP-412): one, the
 * root.
 */
import type { LogLevel } from './environment.ts'

/** Where the least level that is said is kept. */
export interface LevelControl { level: LogLevel }

const ROOT_LOGGER = 'root'

/** By Kafka's names; two of them are louder or quieter than anything here. */
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['TRACE', 'debug'], ['DEBUG', 'debug'], ['INFO', 'info'], ['WARN', 'warn'], ['ERROR', 'error'], ['FATAL', 'error'],
])

export class Loggers {
  readonly #control: LevelControl

  constructor (control: LevelControl) { this.#control = control }

  /** Name and level of each. */
  get all (): ReadonlyArray<readonly [name: string, level: string]> {
    return [[ROOT_LOGGER, this.#control.level.toUpperCase()]]
  }

  has (name: string): boolean { return name === ROOT_LOGGER }

  /** Sorted, for messages. */
  get levels (): readonly string[] { return [...LEVELS.keys()].sort() }

  isLevel (level: string | null): boolean { return level !== null && LEVELS.has(level) }

  /** Both are known to exist. */
  set (name: string, level: string): void {
    const known = LEVELS.get(level)
    if (this.has(name) && known !== undefined) this.#control.level = known
  }
}
