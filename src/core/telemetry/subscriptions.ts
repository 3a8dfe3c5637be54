/**
 * Client metrics subscriptions: which metrics which clients are asked for, and how often (KIP-714).
 */

/** A resource of type CLIENT_METRICS: what is stored for it. */
export type SubscriptionSource = readonly [name: string, values: ReadonlyMap<string, string>]

/** What subscriptions choose their clients by; a name that they do not know matches nobody. */
export interface ClientFacts {
  readonly client_instance_id: string
  readonly client_id: string
  readonly client_software_name: string
  readonly client_software_version: string
  readonly client_source_address: string
  readonly client_source_port: string
}

/** What one client is asked for. */
export interface Wanted {
  /** Names begin with one of these; one empty name, or `*`, is all. Ascending. */
  readonly metrics: readonly string[]
  readonly pushIntervalMs: number
}

/** Reads a `match` pattern: what to look at, and whether it is the text that is asked for. */
export type MatchReader = (pattern: string) => readonly [name: string, matches: Matcher] | undefined

type Matcher = (text: string) => boolean

interface Subscription extends Wanted {
  readonly matches: ReadonlyMap<string, Matcher>
}

const INTERVAL_MS_DEFAULT = 300_000
const ALL_METRICS = '*'

export class Subscriptions {
  readonly #readMatch: MatchReader
  #all: readonly Subscription[] = []
  /** Grows with every change: what clients were told before is out of date. */
  version = 0

  constructor (readMatch: MatchReader) { this.#readMatch = readMatch }

  load (sources: Iterable<SubscriptionSource>): void {
    this.#all = [...sources].map(([, values]) => ({
      metrics: elementsOf(values.get('metrics')),
      pushIntervalMs: Number(values.get('interval.ms') ?? INTERVAL_MS_DEFAULT),
      // What cannot be read any more, because an earlier version stored it, is asked of nobody.
      matches: new Map(elementsOf(values.get('match'))
        .map(pattern => this.#readMatch(pattern) ?? ['', () => false])),
    }))
    this.version += 1
  }

  /** D24.1: the union of all that match, pushed as often as the most impatient of them wants. */
  of (client: ClientFacts): Wanted {
    const metrics = new Set<string>()
    let pushIntervalMs = INTERVAL_MS_DEFAULT
    for (const subscription of this.#all) {
      if (!isMatch(subscription, client)) continue
      for (const metric of subscription.metrics) metrics.add(metric)
      pushIntervalMs = Math.min(pushIntervalMs, subscription.pushIntervalMs)
    }
    return {
      metrics: metrics.has(ALL_METRICS) ? [ALL_METRICS] : [...metrics].sort(), pushIntervalMs,
    }
  }
}

function elementsOf (list: string | undefined): string[] {
  return list === undefined || list.trim() === '' ? [] : list.split(',').map(element => element.trim())
}

function isMatch ({ matches }: Subscription, client: ClientFacts): boolean {
  for (const [name, matcher] of matches) {
    if (!matcher(client[name as keyof ClientFacts])) return false
  }
  return true
}
