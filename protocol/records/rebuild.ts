/** Building a batch anew where the topic wants another codec (D5.23). */
import { timestampTypeOf } from './attributes.ts'
import { gathered, withBreaths } from './breath.ts'
import { isLarge, type AcceptedBatch } from './check.ts'
import { compressAsync } from './compress.ts'
import {
  DECOMPRESSED_BYTES_MAX, decompressed, decompressedAsync, INLINE_BYTES_MAX, type Payload,
} from './decompress.ts'
import * as header from './header.ts'
import { recordsOf } from './read.ts'
import type { LogRecord } from './record.ts'
import {
  assemble, frame, writeRecordChunks, writeRecords, type BatchFacts, type Computed,
} from './write.ts'

/** Whether `rebuildBatchAsync` is the one to call: compressing it would hold up the loop. */
export function isLargeRebuild ({ batch }: AcceptedBatch): boolean {
  return isLarge(batch) || batch.length > 4 * INLINE_BYTES_MAX
}

/**
 * The records in the topic's codec, with consecutive offsets, under the same producer, sequence and
 * transactional flag. Its size is to be checked against `max.message.bytes` again: `tooLargeBatch`.
 */
export function rebuildBatch (
  accepted: AcceptedBatch, level?: number, limitBytes = DECOMPRESSED_BYTES_MAX,
): Buffer {
  const payload = decompressed(payloadOf(accepted, limitBytes))
  const facts = factsOf(accepted, level)
  if (accepted.sameRecords) return assemble(payload, facts, computedOf(accepted))
  const { records, baseTimestamp } = recordsIn(accepted, payload)
  return assemble(writeRecords(records, baseTimestamp), facts, computedOf(accepted, baseTimestamp))
}

/** The same off the event loop. */
export async function rebuildBatchAsync (
  accepted: AcceptedBatch, level?: number, limitBytes = DECOMPRESSED_BYTES_MAX,
): Promise<Buffer> {
  let payload = await decompressedAsync(payloadOf(accepted, limitBytes))
  let base: bigint | undefined
  if (!accepted.sameRecords) {
    const { records, baseTimestamp } = recordsIn(accepted, payload)
    payload = await gathered(withBreaths(writeRecordChunks(records, baseTimestamp)))
    base = baseTimestamp
  }
  const codec = accepted.targetCodec
  const packed = await compressAsync({ codec, bytes: payload, magic: 2, level })
  return frame(packed, factsOf(accepted, level), computedOf(accepted, base))
}

function payloadOf ({ batch, codec }: AcceptedBatch, limitBytes: number): Payload {
  return { codec, bytes: batch.subarray(header.HEADER_SIZE), magic: 2, limitBytes }
}

function factsOf (accepted: AcceptedBatch, level: number | undefined): BatchFacts {
  return {
    leaderEpoch: header.leaderEpoch(accepted.batch),
    codec: accepted.targetCodec,
    level,
    timestampType: accepted.timestampType,
    producerId: accepted.producerId,
    producerEpoch: accepted.producerEpoch,
    baseSequence: accepted.baseSequence,
    transactional: accepted.isTransactional,
  }
}

function computedOf (
  { batch, maxTimestamp, count }: AcceptedBatch,
  baseTimestamp = batch.readBigInt64BE(header.at.baseTimestamp),
): Computed {
  return { baseTimestamp, maxTimestamp, lastOffsetDelta: count - 1, count }
}

/** The records of the uncompressed payload, to be gone through; the first one gives the base. */
function recordsIn (
  accepted: AcceptedBatch, payload: Buffer,
): { records: Iterable<LogRecord>, baseTimestamp: bigint } {
  const { batch } = accepted
  const timestampType = timestampTypeOf(header.attributesOf(batch))
  const plain = frame(payload, { timestampType }, {
    ...computedOf(accepted), maxTimestamp: header.maxTimestamp(batch),
  })
  const [first] = recordsOf(plain)
  const records = { [Symbol.iterator]: () => recordsOf(plain) }
  return { records, baseTimestamp: first!.timestamp }
}
