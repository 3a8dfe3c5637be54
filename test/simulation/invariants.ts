/** What must hold after every event, seen from outside: offsets, watermarks, flushes. */
import { batchesIn } from '../../protocol/records/batches.ts'
import { lastOffset } from '../../protocol/records/header.ts'
import { OFFSETS_TOPIC } from '../../src/core/metadata/internal-topics.ts'
import type { GroupCoordinator } from '../../src/runtime/coordinator/group-coordinator.ts'
import type { PartitionLog } from '../../src/runtime/coordinator/partition-log.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import type { Replicas } from '../../src/runtime/replica/replicas.ts'
import type { Log, Store } from '../../src/store/store.ts'
import type { Harness, Life } from './harness.ts'
import type { FoundLog, Ledger, LogLedger } from './ledger.ts'
import { readRecords } from './clients/records.ts'
import type { World } from './world.ts'

const READ_BYTES = 64 * 1024
/** Offsets below the end that every start looks at. */
const READ_BACK = 100

interface Marks { highWatermark: bigint, startOffset: bigint, leads: boolean }

export class Invariants {
  readonly #world: World
  readonly #ledger: Ledger
  readonly #harness: Harness
  #marks = new Map<Partition, Marks>()
  #life: Life | undefined
  #flushes = 0
  /** Of each log, over all lives (EpochMonotone). */
  readonly #leaderEpochs = new Map<string, number>()

  constructor (world: World, ledger: Ledger, harness: Harness) {
    this.#world = world
    this.#ledger = ledger
    this.#harness = harness
    world.checks.push(() => { this.#check() })
  }

  #check (): void {
    const life = this.#harness.serving
    if (life?.running === undefined || life.store === undefined) return
    if (life !== this.#life) {
      this.#life = life
      this.#marks = new Map()
    }
    const { replicas, groups } = life.running.broker
    for (const partition of replicas.all()) this.#checkPartition(partition)
    this.#checkCoordinators(groups as GroupCoordinator, replicas)
    const { flushes } = life.store.stats()
    if (flushes !== this.#flushes) this.#flushed(life)
    this.#flushes = flushes
  }

  #checkPartition (partition: Partition): void {
    const { name, highWatermark, startOffset, endOffset, isLeader } = partition
    const before = this.#marks.get(partition)
    if (before === undefined) {
      this.#marks.set(partition, { highWatermark, startOffset, leads: isLeader })
      this.#checkEpoch(partition)
      // What was told and survived is below the high watermark of the next life, too.
      const told = this.#ledger.find(partition.log.name)?.told ?? 0
      if (partition.isLeader && highWatermark < BigInt(told)) {
        this.#world.fail('high-watermark-monotone', `${name}: ${told} before, ${highWatermark} now`)
      }
      return
    }
    // Alone, a broker gives up what it leads only when it stops, whatever its disk and its clock
    // do.
    if (before.leads && !isLeader) this.#world.fail('leader-stays', `${name}: nobody leads it`)
    before.leads = isLeader
    if (before.highWatermark === highWatermark && before.startOffset === startOffset) return
    if (highWatermark < before.highWatermark) {
      this.#world.fail('high-watermark-monotone', `${name}: ${before.highWatermark} to ${highWatermark}`)
    }
    if (startOffset < before.startOffset) {
      this.#world.fail('log-start-monotone', `${name}: ${before.startOffset} to ${startOffset}`)
    }
    if (startOffset > highWatermark || highWatermark > endOffset) {
      this.#world.fail('offsets-in-order', `${name}: ${startOffset} ${highWatermark} ${endOffset}`)
    }
    before.highWatermark = highWatermark
    before.startOffset = startOffset
    const ledger = this.#ledger.find(partition.log.name)
    if (ledger !== undefined) ledger.startOffset = Math.max(ledger.startOffset, Number(startOffset))
  }

  /**
   * One replica a log: what another one appends is missing from the state that this one derives.
   */
  #checkCoordinators ({ shards }: GroupCoordinator, replicas: Replicas): void {
    for (const [index, shard] of shards) {
      const { partition } = shard.log as PartitionLog
      if (partition === replicas.find(OFFSETS_TOPIC, index)) continue
      this.#world.fail('one-replica', `${shard.name} writes to a replica that is not the broker's`)
    }
  }

  #checkEpoch ({ name, log, leaderEpoch }: Partition): void {
    const before = this.#leaderEpochs.get(log.name) ?? -1
    if (leaderEpoch < before) {
      this.#world.fail('leader-epoch-monotone', `${name}: ${before} to ${leaderEpoch}`)
    }
    this.#leaderEpochs.set(log.name, leaderEpoch)
  }

  /** What a flush that has ended covers was committed when it began: the end of the one before. */
  #flushed (life: Life): void {
    for (const partition of life.running?.broker.replicas.all() ?? []) {
      this.#ledger.find(partition.log.name)?.flushed(Number(partition.highWatermark))
    }
  }

  /** What changed lately, mostly: a start is much more often than a whole log can be read. */
  #readsFrom (ledger: LogLedger): bigint {
    if (this.#world.random.chance(0.1)) return 0n
    return BigInt(Math.max(0, Math.min(ledger.flushedEnd, ledger.told - READ_BACK)))
  }

  /** Every log that clients know of, against what they were told. */
  async recovered (life: Life, store: Store, lostPower: boolean): Promise<void> {
    for (const ledger of this.#ledger.all) {
      const log = store.findLog(ledger.key)
      const found = log === undefined
        ? { start: 0, end: 0, records: new Map() }
        : await readLog(log, this.#readsFrom(ledger))
      if (!life.isAlive()) return
      if (lostPower && found.end < ledger.told) {
        this.#world.reached('power loss that takes records back')
      }
      ledger.recovered(life.number, found, lostPower)
    }
  }
}

/** From `from` on. */
async function readLog (log: Log, from: bigint): Promise<FoundLog> {
  const records = new Map<number, { value: string, epoch: number }>()
  for (let offset = from > log.startOffset ? from : log.startOffset; offset < log.endOffset;) {
    const read = await log.read(offset, log.endOffset, READ_BYTES, true)
    const bytes = Buffer.concat(read.chunks)
    read.release()
    if (bytes.length === 0) break
    for (const { offset: at, value, epoch } of readRecords(bytes)) records.set(at, { value, epoch })
    for (const batch of batchesIn(bytes)) offset = lastOffset(batch) + 1n
  }
  return { start: Number(log.startOffset), end: Number(log.endOffset), records }
}
