/** Which brokers get the replicas of new partitions: Kafka's striped placement (D10.14). */
import type { MetadataImage } from '../metadata/image.ts'
import type { BrokerRegistration } from '../metadata/facts.ts'
import { below, shuffle } from './random.ts'
import type { Random } from './random.ts'

/** The replicas of each new partition, the leader first; or why there are too few brokers. */
export type Placement =
  { readonly replicas: readonly (readonly number[])[] } | { readonly problem: string }

export function place (
  image: MetadataImage, partitionCount: number, replicationFactor: number, random: Random
): Placement {
  const usable = [...image.brokers].filter(isUsable)
  const unfenced = usable.filter(broker => !broker.fenced)
  if (replicationFactor <= 0) {
    return {
      problem: `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`,
    }
  }
  if (unfenced.length === 0) {
    return { problem: 'All brokers are currently fenced, or have all their log directories cordoned.' }
  }
  if (replicationFactor > usable.length) {
    return {
      problem: `The target replication factor of ${replicationFactor} cannot be reached because ` +
        `only ${usable.length} broker(s) are registered or some brokers have all their log ` +
        'directories cordoned.',
    }
  }
  const stripes = new Stripes(usable, random)
  return { replicas: Array.from({ length: partitionCount }, () => stripes.next(replicationFactor)) }
}

/** A fenced broker may come back; one that is leaving or takes no replicas will not serve them. */
function isUsable (broker: BrokerRegistration): boolean {
  const leaving = broker.inControlledShutdown && !broker.fenced
  return !leaving && !isCordoned(broker)
}

/** KIP-1066: no directory is left that takes new replicas. */
export function isCordoned ({ logDirs, cordonedLogDirs }: BrokerRegistration): boolean {
  return logDirs.length > 0 && logDirs.every(logDir => cordonedLogDirs?.includes(logDir))
}

/** Brokers of one rack that are alike, handed out in turn; each round starts one further. */
class Turn {
  readonly #brokers: number[]
  readonly #random: Random
  #offset: number
  #index = 0
  #round = 0

  constructor (brokers: readonly number[], random: Random) {
    this.#brokers = [...brokers].sort((a, b) => a - b)
    this.#random = random
    this.#offset = below(brokers.length, random)
  }

  shuffle (): void { shuffle(this.#brokers, this.#random) }

  next (round: number): number | undefined {
    const count = this.#brokers.length
    if (count === 0) return undefined
    if (round !== this.#round) {
      this.#round = round
      this.#index = 0
      this.#offset = (this.#offset + 1) % count
    }
    if (this.#index >= count) return undefined
    return this.#brokers[(this.#index++ + this.#offset) % count]
  }
}

interface Rack { readonly unfenced: Turn, readonly fenced: Turn }

class Stripes {
  readonly #racks: Rack[]
  readonly #random: Random
  readonly #unfencedCount: number
  #rackOffset: number
  #round = 0

  constructor (brokers: readonly BrokerRegistration[], random: Random) {
    this.#random = random
    this.#unfencedCount = brokers.filter(broker => !broker.fenced).length
    // A broker without rack sorts before all that have one.
    const names = [...new Set(brokers.map(broker => broker.rack))]
      .sort((a, b) => a === b ? 0 : a === null || (b !== null && a < b) ? -1 : 1)
    this.#racks = names.map(name => {
      const ids = (fenced: boolean): number[] => brokers
        .filter(broker => broker.rack === name && broker.fenced === fenced)
        .map(broker => broker.id)
      return { fenced: new Turn(ids(true), random), unfenced: new Turn(ids(false), random) }
    })
    this.#rackOffset = below(this.#racks.length, random)
  }

  next (replicationFactor: number): number[] {
    // All leaders were used once: shuffled, the next round does not repeat the same sets.
    if (this.#round === this.#unfencedCount && this.#unfencedCount > 1) {
      shuffle(this.#racks, this.#random)
      for (const rack of this.#racks) {
        rack.fenced.shuffle()
        rack.unfenced.shuffle()
      }
      this.#round = 0
    }
    const count = this.#racks.length
    this.#rackOffset %= count
    const { leader, rackIndex: leaderRack } = this.#nextLeader()
    const replicas = [leader]
    let passed = false
    for (let step = 0; replicas.length < replicationFactor; step++) {
      const rackIndex = (this.#rackOffset + step) % count
      // The leader's rack has given one already, so it is passed over once.
      if (!passed && rackIndex === leaderRack) {
        passed = true
        continue
      }
      const rack = this.#racks[rackIndex]!
      const replica = rack.unfenced.next(this.#round) ?? rack.fenced.next(this.#round)
      if (replica !== undefined) replicas.push(replica)
    }
    this.#round++
    this.#rackOffset++
    return replicas
  }

  /** A fenced broker never leads. */
  #nextLeader (): { leader: number, rackIndex: number } {
    const count = this.#racks.length
    for (let step = 0; step < count; step++) {
      const rackIndex = (this.#rackOffset + step) % count
      const leader = this.#racks[rackIndex]!.unfenced.next(this.#round)
      if (leader !== undefined) return { leader, rackIndex }
    }
    throw new Error('no unfenced broker is left to lead')
  }
}
