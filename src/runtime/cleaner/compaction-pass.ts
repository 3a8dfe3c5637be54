/**
 * One compaction of one log (D25.13-18): reads what is dirty into a map of keys, then goes through
 * the log from its start and has the store replace what changes. The rules are in core/compaction;
 * here are the reading, the writing, and the turns that everybody else gets in between.
 */
import { ensureIntact, batchesIn } from '../../../protocol/records/batches.ts'
import { isLarge } from '../../../protocol/records/check.ts'
import { baseOffset, lastOffset } from '../../../protocol/records/header.ts'
import { breathing, retain, retainAsync } from '../../../protocol/records/retain.ts'
import type { Retention } from '../../../protocol/records/retain.ts'
import { plainRecords, plainRecordsAsync } from '../../../protocol/records/scan.ts'
import type { ScanLimits } from '../../../protocol/records/scan.ts'
import { CleanedSegments } from '../../core/compaction/cleaned-segments.ts'
import { CleanedTransactions } from '../../core/compaction/cleaned-transactions.ts'
import type { Cleanable } from '../../core/compaction/cleanable.ts'
import { Indexing } from '../../core/compaction/indexing.ts'
import { keysMax, OffsetMap } from '../../core/compaction/offset-map.ts'
import { Sieve } from '../../core/compaction/sieve.ts'
import { Stretches } from '../../core/compaction/stretches.ts'
import type { Stretch } from '../../core/compaction/stretches.ts'
import type { LogState } from '../../core/replica/log-state.ts'
import type { CleanOffsets } from './clean-offsets.ts'
import type { CleanerSettings } from './settings.ts'
import type { Environment } from '../environment.ts'
import type { Pace } from './pace.ts'
import type { Partition } from '../replica/partition.ts'

export interface PassOptions {
  readonly partition: Partition
  readonly range: Cleanable
  readonly settings: CleanerSettings
  readonly offsets: CleanOffsets
  readonly environment: Environment
  readonly pace: Pace
  /** An fdatasync that covers what was appended so far. */
  sync (): Promise<void>
}

/** The log is another than the pass began with: it ends, and nothing is wrong. */
export class PassEnded extends Error {}

/** Batches below this are worked on in one go: a millisecond or two. */
const AT_ONCE_BYTES = 64 * 1024
/** A checkpoint comes with the store's next flush. */
const CHECKPOINT_WAIT_MS = 20
const CHECKPOINT_WAITS_MAX = 500

export class CompactionPass {
  readonly #options: PassOptions
  readonly #state: LogState
  readonly #revision: number
  readonly #nowMs: number
  readonly #limits: ScanLimits

  constructor (options: PassOptions) {
    const { partition, environment } = options
    this.#options = options
    this.#state = partition.state
    this.#revision = partition.log.revision
    this.#nowMs = environment.nowMs()
    this.#limits = { recordBytesMax: partition.settings.decompressedMessageBytesMax }
  }

  /**
   * Resolves when the log is compacted and that is on the disk. Rejects with PassEnded when the log
   * was cut, reloaded or removed on the way; what was replaced by then stays replaced, and right.
   */
  async run (): Promise<void> {
    const { partition, range, offsets } = this.#options
    this.#options.pace.resume()
    await this.#keepState()
    const { map, end } = await this.#index()
    // P4: what takes an older value's place, or is said to be clean, must outlast a power loss
    // itself.
    await this.#sync()
    await this.#sieve(map, end)
    await offsets.put(partition.log, end > range.firstDirtyOffset ? end : range.firstDirtyOffset,
      this.#revision)
  }

  async #sync (): Promise<void> {
    const { pace, sync } = this.#options
    pace.pause()
    await sync()
    pace.resume()
  }

  #ensureSame (): void {
    const { partition, pace } = this.#options
    const isSame = partition.state === this.#state && partition.log.revision === this.#revision &&
      partition.available && partition.settings.compacts && !pace.stopped
    if (!isSame) throw new PassEnded(partition.name)
  }

  /**
   * What is derived from the log must not be derived from what compaction leaves of it: of a
   * producer only the last batch, though a retry may be of an older one, and of segments no bounds.
   * So there must be a checkpoint on the disk that outlasts the pass, because its last batch is
   * above the range, and that knows what the pass before has taken from the list of aborted
   * transactions.
   */
  async #keepState (): Promise<void> {
    const {
      partition: { log }, range: { firstUncleanableOffset: end, firstDirtyOffset }, offsets,
    } = this.#options
    const least = log.checkpointSoon()
    const isKept = (): boolean => {
      const { checkpoint } = log
      return checkpoint !== undefined && checkpoint.number >= least && checkpoint.isDurable &&
        checkpoint.offset > end
    }
    for (let waits = 0; !isKept(); waits++) {
      if (waits === CHECKPOINT_WAITS_MAX) throw new PassEnded(`no checkpoint of ${log.name} was taken`)
      await this.#options.pace.wait(CHECKPOINT_WAIT_MS)
      this.#ensureSame()
    }
    // The table's changes become durable in their order.
    await offsets.put(log, firstDirtyOffset, this.#revision)
  }

  /** D25.13 */
  async #index (): Promise<{ map: OffsetMap, end: bigint }> {
    const { partition, range, settings: { map: size }, environment, pace } = this.#options
    const { firstDirtyOffset: from, firstUncleanableOffset: bound } = range
    if (keysMax(size) === 0) throw new Error('log.cleaner.dedupe.buffer.size has no room for a single key')
    const map = new OffsetMap(from, bound, size)
    const transactions = new CleanedTransactions(this.#state.aborted.between(from, bound))
    const indexing = new Indexing(map, transactions, (key, into) => { environment.md5(key, into) })
    for await (const bytes of this.#chunks(from, bound)) {
      for (const batch of batchesIn(bytes)) {
        const breath = pace.breathe()
        if (breath !== undefined) await breath
        if (!indexing.meet(batch)) continue
        const plain = isLarge(batch)
          ? await this.#plainLater(batch)
          : plainRecords(batch, this.#limits)
        await breathing(indexing.index(batch, plain, this.#limits), pace.breathe)
        if (indexing.isFull) break
      }
      if (indexing.isFull) break
    }
    indexing.finish(bound)
    if (indexing.isFull && indexing.end === from) {
      throw new Error(`the batch at ${from} of ${partition.name} has more keys than ` +
        'log.cleaner.dedupe.buffer.size has room for')
    }
    return { map, end: indexing.end }
  }

  async #plainLater (batch: Buffer): Promise<Buffer> {
    const { pace } = this.#options
    pace.pause()
    const plain = await plainRecordsAsync(batch, this.#limits)
    pace.resume()
    return plain
  }

  /** D25.14-18: up to the end of the segment that the map ends in, for that segment's sums. */
  async #sieve (map: OffsetMap, end: bigint): Promise<void> {
    const { partition, range: { firstUncleanableOffset } } = this.#options
    const { settings, log } = partition
    const { segments, aborted, producers } = this.#state
    const bound = segments.all.find(segment => segment.baseOffset >= end)?.baseOffset ??
      firstUncleanableOffset
    const transactions = new CleanedTransactions(aborted.between(log.startOffset, end))
    const sieve = new Sieve({
      map,
      end,
      firstUncleanableOffset,
      nowMs: this.#nowMs,
      deleteRetentionMs: settings.deleteRetentionMs,
      transactions,
      lastRecords: producers.lastRecords(),
      hash: (key, into) => { this.#options.environment.md5(key, into) },
    })
    const cleaned = new CleanedSegments(segments.all, bound, settings.segment)
    await this.#replace(sieve, cleaned)
    this.#ensureSame()
    segments.replaceBelow(cleaned.end, cleaned.joined())
    aborted.replaceBelow(end, transactions.kept)
    this.#state.startAt(log.startOffset, log.endOffset)
    log.checkpointSoon()
  }

  async #replace (sieve: Sieve, cleaned: CleanedSegments): Promise<void> {
    const { partition: { log }, pace } = this.#options
    const stretches = new Stretches()
    const start = log.startOffset
    for await (const bytes of this.#chunks(start, cleaned.end)) {
      for (const batch of batchesIn(bytes)) {
        const breath = pace.breathe()
        if (breath !== undefined) await breath
        const fate = sieve.judge(batch)
        // The batch that holds the log's start stays whole until the start has passed it.
        const isWhole = fate === 'keep' || baseOffset(batch) < start
        const left = isWhole ? batch : fate === 'drop' ? undefined : await this.#retain(batch, fate)
        const stretch = stretches.add(batch, left)
        if (stretch !== undefined) await this.#write(stretch, cleaned)
      }
    }
    for (const stretch of stretches.rest()) await this.#write(stretch, cleaned)
  }

  async #retain (batch: Buffer, retention: Retention): Promise<Buffer | undefined> {
    const { pace } = this.#options
    // A new checksum must not hide that a batch was damaged (R-S6).
    ensureIntact(batch)
    if (!isLarge(batch) && batch.length <= AT_ONCE_BYTES) {
      return retain(batch, retention, this.#limits)
    }
    return retainAsync(batch, retention, this.#limits, pace.breathe)
  }

  async #write (stretch: Stretch, cleaned: CleanedSegments): Promise<void> {
    const { partition: { log }, pace, settings } = this.#options
    if (stretch.isChanged) {
      this.#ensureSame()
      const { from, to, batches } = stretch
      pace.pause()
      const isWritten = await log.rewrite({ from, to, revision: this.#revision }, batches)
      pace.resume()
      if (!isWritten) throw new PassEnded(log.name)
      await pace.move(batches.reduce((sum, { length }) => sum + length, 0), settings.bytesPerSecond)
    }
    cleaned.add(stretch)
  }

  /** The log's bytes from the batch that holds `from` on, in pieces of whole batches. */
  async * #chunks (from: bigint, to: bigint): AsyncGenerator<Buffer, void> {
    const { partition: { log }, pace, settings } = this.#options
    for (let offset = from; offset < to;) {
      this.#ensureSame()
      const reading = log.read(offset, to, settings.readBytes, true)
      if (reading instanceof Promise) pace.pause()
      const read = await reading
      if (reading instanceof Promise) pace.resume()
      // Copied, so that no read stays open while others have their turn.
      const bytes = Buffer.concat(read.chunks)
      read.release()
      if (bytes.length === 0) return
      await pace.move(bytes.length, settings.bytesPerSecond)
      for (const batch of batchesIn(bytes)) offset = lastOffset(batch) + 1n
      yield bytes
    }
  }
}
