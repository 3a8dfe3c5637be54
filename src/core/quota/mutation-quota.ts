/**
 * The quota of partitions that a client may create and delete (KIP-599). The newer versions of the
 * requests refuse what is beyond it; older clients do not know that error and are slowed down.
 */
import type { EntityQuotas } from '../metadata/facts.ts'
import { Limits } from './limits.ts'
import type { QuotaClient } from './limits.ts'
import { Meters } from './meters.ts'
import type { SampleWindow } from './sampled-rate.ts'
import { TokenBucket } from './token-bucket.ts'

/** What the answer's field holds. */
const THROTTLE_MS_MAX = 2 ** 31 - 1

export class MutationQuota {
  readonly #limits = new Limits()
  readonly #buckets: Meters<TokenBucket>

  constructor (window: SampleWindow) { this.#buckets = new Meters(() => new TokenBucket(window)) }

  get isUnset (): boolean { return this.#limits.size === 0 }

  load (quotas: Iterable<EntityQuotas>): void { this.#limits.load(quotas, 'controller_mutation_rate') }

  /** For one request; undefined: the client has no such quota. */
  allowance (client: QuotaClient, isStrict: boolean, nowMs: number): MutationAllowance | undefined {
    if (this.isUnset) return undefined
    const limit = this.#limits.find(client)
    if (limit === undefined) return undefined
    return new MutationAllowance(this.#buckets.of(limit.subject, nowMs), limit.bound, isStrict)
  }
}

export class MutationAllowance {
  readonly #bucket: TokenBucket
  readonly #perSecond: number
  readonly #isStrict: boolean
  /** When what is owed has refilled. */
  #settledMs = 0

  constructor (bucket: TokenBucket, perSecond: number, isStrict: boolean) {
    this.#bucket = bucket
    this.#perSecond = perSecond
    this.#isStrict = isStrict
  }

  /** Takes so many mutations; false: nothing is taken, since earlier ones are still owed. */
  admit (mutations: number, nowMs: number): boolean {
    if (this.#isStrict && this.#owes(nowMs)) return false
    this.#bucket.take(mutations, this.#perSecond, nowMs)
    if (!this.#isStrict) this.#owes(nowMs)
    return true
  }

  #owes (nowMs: number): boolean {
    const tokens = this.#bucket.tokens(this.#perSecond, nowMs)
    if (!(tokens < 0)) return false
    this.#settledMs =
      nowMs + Math.min(THROTTLE_MS_MAX, Math.round(-tokens / this.#perSecond * 1000) || 0)
    return true
  }

  /** How long the client has to wait, from now on. */
  throttleMs (nowMs: number): number { return Math.max(0, Math.round(this.#settledMs - nowMs)) }
}
