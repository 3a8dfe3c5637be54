/**
 * What one DescribeConfigs may describe. Each topic or broker is there once, but any name is a
 * group's or a subscription's, and Kafka answers a resource as often as it is named: a few
 * megabytes could ask for an answer that no memory holds.
 */
import { resourceType } from '../core/metadata/configs.ts'

/** Of groups, of subscriptions and of what is named again, together. */
const ROWS_MAX = 100_000
/** Resources whose rows are kept for when they are named again. */
const KEPT_MAX = 64

export class ConfigDescriptions<Row> {
  readonly #described = new Set<string>()
  readonly #kept = new Map<string, Row[]>()
  #rowsLeft = ROWS_MAX

  /** The rows as `describe` gives them, of which some are wanted; undefined: that is too many. */
  rows (
    type: number, name: string, describe: () => Row[], isWanted: (row: Row) => boolean
  ): Row[] | undefined {
    if (this.#rowsLeft <= 0) return undefined
    const key = `${type}:${name}`
    const all = this.#kept.get(key) ?? describe()
    if (this.#kept.size < KEPT_MAX) this.#kept.set(key, all)
    const rows = all.filter(isWanted)
    const isOnce = type !== resourceType.GROUP && type !== resourceType.CLIENT_METRICS &&
      !this.#described.has(key)
    this.#described.add(key)
    if (!isOnce) this.#rowsLeft -= 1 + rows.length
    return rows
  }
}
