/**
 * State that the broker derives, derived once more from what is stored (correctness.md 2.11): the
 * producers, leader epochs and segments of a log, and the metadata image.
 */
import { batchesIn } from '../../protocol/records/batches.ts'
import { baseOffset, lastOffset, leaderEpoch, recordsCount } from '../../protocol/records/header.ts'
import { isControl, recordsOf } from '../../protocol/records/read.ts'
import { decodeMetadata } from '../../protocol/stored/framing.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'
import { LogState } from '../../src/core/replica/log-state.ts'
import { factsOf } from '../../src/runtime/replica/partition-load.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import { decodeSnapshot } from '../../src/runtime/quorum/checkpoint.ts'
import { METADATA_LOG } from '../../src/runtime/quorum/running.ts'
import { TableSnapshots } from '../../src/runtime/quorum/snapshots.ts'
import type { Log, Store } from '../../src/store/store.ts'
import type { Harness, Life } from './harness.ts'
import type { World } from './world.ts'

const EVERY_MS = 700
const READ_BYTES = 256 * 1024

export class DerivedState {
  readonly #world: World
  readonly #harness: Harness

  constructor (world: World, harness: Harness) {
    this.#world = world
    this.#harness = harness
  }

  start (): void {
    const { random, scheduler } = this.#world
    scheduler.after(random.exponential(EVERY_MS), 'derive', () => {
      const life = this.#harness.serving
      if (life !== undefined) void this.#world.spawn('derived state', () => this.#compare(life))
      this.start()
    })
  }

  async #compare (life: Life): Promise<void> {
    const { random } = this.#world
    const { broker } = life.running as NonNullable<Life['running']>
    const partitions = [...broker.replicas.all()]
    try {
      if (random.chance(0.4) || partitions.length === 0) {
        await this.#compareImage(life.store as Store, broker.metadata)
      } else await this.#comparePartition(random.pick(partitions))
    } catch (error) {
      // A log may be deleted, or its broker die, while it is read.
      if (life.isAlive() && life.running !== undefined && life.failedAtMs === undefined) throw error
    }
  }

  /** Only at rest: memory may run ahead of the log while a turn is not written. */
  async #comparePartition (partition: Partition): Promise<void> {
    await partition.whenLoaded()
    const { log, endOffset } = partition
    const isAtRest = (): boolean => partition.available && log.endOffset === endOffset &&
      partition.highWatermark === endOffset && log.startOffset === 0n
    if (!isAtRest()) return
    if (partition.settings.compacts) return this.#compareCompacted(partition, isAtRest)
    const state = new LogState()
    const context = { limits: partition.settings.segment, nowMs: 0, random: 0 }
    await eachBatch(log, 0n, endOffset, batch => { state.replay(factsOf(batch), context) })
    if (!isAtRest()) return
    this.#same(`producers of ${partition.name}`, producersOf(partition.state), producersOf(state))
    this.#same(`segments of ${partition.name}`, segmentsOf(partition.state), segmentsOf(state))
    const known =
      new Map(partition.state.epochs.entries.map(each => [each.epoch, each.startOffset]))
    for (const { epoch, startOffset } of state.epochs.entries) {
      if (known.get(epoch) === startOffset) continue
      this.#world.fail('leader-epochs-derived',
        `${partition.name}: epoch ${epoch} begins at ${startOffset}, not ${known.get(epoch)}`)
    }
  }

  /**
   * Compaction leaves less in the log than its owner knows of it (D25.17), but nothing is missing
   * from the active segment on, and the last batch of each producer is there.
   */
  async #compareCompacted (partition: Partition, isAtRest: () => boolean): Promise<void> {
    const { log, name, state, endOffset } = partition
    const derived = new LogState()
    const context = {
      limits: { bytesMax: Infinity, ageMsMax: Infinity, jitterMsMax: 0 }, nowMs: 0, random: 0,
    }
    const active = state.segments.active
    let activeBytes = 0
    let next = active?.baseOffset ?? 0n
    let hole: string | undefined
    await eachBatch(log, 0n, endOffset, batch => {
      derived.replay(factsOf(batch), context)
      const base = baseOffset(batch)
      if (active === undefined || base < active.baseOffset) return
      if (base !== next || lastOffset(batch) - base + 1n !== BigInt(recordsCount(batch))) {
        hole ??= `${name}: ${recordsCount(batch)} records at ${base} follow ${next}`
      }
      next = lastOffset(batch) + 1n
      activeBytes += batch.length
    })
    // While a slow disk was read it may have rolled, or been loaded again after a refused write.
    if (!isAtRest() || partition.state !== state || state.segments.active !== active) return
    if (hole !== undefined) this.#world.fail('active-segment-whole', hole)
    this.#same(`the active segment of ${name}`, `${active?.bytes ?? 0}`, `${activeBytes}`)
    this.#same(`the last batches of ${name}`, lastBatchesOf(state), lastBatchesOf(derived))
    const known = new Map(state.epochs.entries.map(each => [each.epoch, each.startOffset]))
    for (const { epoch, startOffset } of derived.epochs.entries) {
      if ((known.get(epoch) ?? -1n) <= startOffset && known.has(epoch)) continue
      this.#world.fail('leader-epochs-derived', `${name}: epoch ${epoch} begins at ${known.get(epoch)}, not ${startOffset}`)
    }
  }

  /** Image = fold(committed log), and a snapshot is as good as what it replaces. */
  async #compareImage (store: Store, image: MetadataImage): Promise<void> {
    const offset = image.lastAppliedOffset
    const log = store.findLog(METADATA_LOG)
    if (log === undefined || image.inTransaction) return
    const snapshots = new TableSnapshots(store.table, METADATA_LOG)
    const snapshot = snapshots.list().findLast(({ endOffset }) => endOffset <= offset + 1n)
    const fresh = new MetadataImage()
    if (snapshot !== undefined) {
      const bytes = snapshots.read(snapshot, 0, snapshot.sizeBytes) ?? Buffer.alloc(0)
      fresh.load(decodeSnapshot(bytes).records.map(record => decodeMetadata(record)),
        snapshot.endOffset - 1n, snapshot.epoch)
    } else if (log.startOffset > 0n) return
    const from = snapshot?.endOffset ?? 0n
    const batches: Buffer[] = []
    await eachBatch(log, from, offset + 1n, batch => { batches.push(batch) })
    // A newer snapshot may have taken the beginning away while a slow disk was read.
    if (log.startOffset > from || image.lastAppliedOffset !== offset) return
    for (const batch of batches) {
      const epoch = leaderEpoch(batch)
      if (isControl(batch)) {
        fresh.advance(lastOffset(batch), epoch)
        continue
      }
      const entries = [...recordsOf(batch)].map(({ value }) => decodeMetadata(value as Buffer))
      fresh.apply({ baseOffset: baseOffset(batch), leaderEpoch: epoch, entries })
    }
    const recordsOfImage = (each: MetadataImage): string => each.toRecords().map(text).sort().join('\n')
    this.#same('the metadata image', recordsOfImage(image), recordsOfImage(fresh))
  }

  #same (what: string, live: string, derived: string): void {
    if (live === derived) return
    this.#world.fail('derived-state', `${what}: it is ${live}, the log says ${derived}`)
  }
}

async function eachBatch (
  log: Log, from: bigint, end: bigint, use: (batch: Buffer) => void
): Promise<void> {
  for (let offset = from; offset < end;) {
    const read = await log.read(offset, end, READ_BYTES, true)
    const bytes = Buffer.concat(read.chunks)
    read.release()
    if (bytes.length === 0) return
    for (const batch of batchesIn(bytes)) {
      if (baseOffset(batch) >= offset) use(batch)
      offset = lastOffset(batch) + 1n
    }
  }
}

function producersOf ({ producers }: LogState): string {
  return [...producers.entries].map(text).sort().join('\n')
}

function lastBatchesOf ({ producers }: LogState): string {
  return [...producers.entries].map(({ producerId, epoch, batches }) =>
    text({ producerId, epoch, last: batches.at(-1) })).sort().join('\n')
}

/** Wall clock times are nowhere in the log. */
function segmentsOf ({ segments }: LogState): string {
  return segments.all.map(({ baseOffset: base, bytes, maxTimestamp }) =>
    `${base} ${bytes} ${maxTimestamp}`).join('\n')
}

/** The same for the same content, whatever the order of its fields. */
export function text (value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return `${each}`
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([left], [right]) => left < right ? -1 : 1))
  })
}
