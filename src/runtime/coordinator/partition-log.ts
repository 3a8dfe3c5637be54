/** A partition as its coordinator sees it: a log to load from and to append state records to. */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { NO_PRODUCER_ID } from '../../../protocol/records/attributes.ts'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import type { StoredRecord } from '../../core/decision.ts'
import type { CoordinatorLog } from './contract.ts'
import type { Partition } from '../replica/partition.ts'
import { sizeError } from '../replica/topic-settings.ts'

/** Facts of a batch that no producer wrote. */
const WITHOUT_PRODUCER = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: -1,
  firstSequence: -1,
  lastSequence: -1,
  isTransactional: false,
}

export class PartitionLog implements CoordinatorLog {
  readonly partition: Partition

  constructor (partition: Partition) { this.partition = partition }

  get startOffset (): bigint { return this.partition.startOffset }
  get endOffset (): bigint { return this.partition.endOffset }
  get highWatermark (): bigint { return this.partition.highWatermark }
  get batchBytesMax (): number {
    const { messageBytesMax, segment } = this.partition.settings
    return Math.min(messageBytesMax, segment.bytesMax)
  }

  appendAsCoordinator (
    records: readonly StoredRecord[], timestampMs: number
  ): Promise<{ baseOffset: bigint, lastOffset: bigint }> {
    const timestamp = BigInt(timestampMs)
    const batch = writeBatch(records.map(({ key, value }) => ({ timestamp, key, value })))
    try {
      this.#ensureFits(batch.length)
      const { baseOffset, lastOffset, written } = this.partition.append(
        batch, { ...WITHOUT_PRODUCER, maxTimestamp: timestamp }, records.length)
      return written
        .then(() => this.partition.reached(lastOffset + 1n))
        .then(() => ({ baseOffset, lastOffset }))
    } catch (error) {
      if (error instanceof KafkaError) return Promise.reject(error)
      throw error
    }
  }

  /** The topic's limits hold for its coordinator too, as they are now. */
  #ensureFits (bytes: number): void {
    const { name, settings } = this.partition
    const error = sizeError(bytes, settings)
    if (error === code.NONE) return
    const limit = error === code.MESSAGE_TOO_LARGE
      ? `max.message.bytes=${settings.messageBytesMax}`
      : `segment.bytes=${settings.segment.bytesMax}`
    throw new KafkaError(error, `a batch of ${bytes} bytes, and ${name} has ${limit}`)
  }

  async readBatches (offset: bigint, maxBytes: number): Promise<Buffer[]> {
    const read = await this.partition.read(offset, this.partition.endOffset, maxBytes, true)
    try {
      return read.chunks.flatMap(chunk => [...batchesIn(Buffer.from(chunk))])
    } finally {
      read.release()
    }
  }

  whenCommitted (offset: bigint): Promise<void> { return this.partition.reached(offset) }
}
