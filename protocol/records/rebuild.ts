/** Building a batch anew where the topic wants another codec (D5.23). */
import { timestampTypeOf } from './attributes.ts'
import type { AcceptedBatch } from './check.ts'
import { DECOMPRESSED_BYTES_MAX, decompressed } from './decompress.ts'
import * as header from './header.ts'
import { recordsOf } from './read.ts'
import { assemble, writeRecords } from './write.ts'

/**
 * The records in the topic's codec, with consecutive offsets, under the same producer, sequence and
 * transactional flag. Its size is to be checked against `max.message.bytes` again: `tooLargeBatch`.
 */
export function rebuildBatch (
  accepted: AcceptedBatch, level?: number, limitBytes = DECOMPRESSED_BYTES_MAX,
): Buffer {
  const { batch, timestampType, maxTimestamp, count } = accepted
  const { payload, baseTimestamp } = payloadOf(accepted, limitBytes)
  return assemble(payload, {
    leaderEpoch: header.leaderEpoch(batch),
    codec: accepted.targetCodec,
    level,
    timestampType,
    producerId: accepted.producerId,
    producerEpoch: accepted.producerEpoch,
    baseSequence: accepted.baseSequence,
    transactional: accepted.isTransactional,
  }, { baseTimestamp, maxTimestamp, lastOffsetDelta: count - 1, count })
}

/** Uncompressed records whose deltas count from the first record's timestamp and offset. */
function payloadOf (
  { batch, codec, sameRecords, count }: AcceptedBatch, limitBytes: number,
): { payload: Buffer, baseTimestamp: bigint } {
  const bytes = batch.subarray(header.HEADER_SIZE)
  const payload = decompressed({ codec, bytes, magic: 2, limitBytes })
  const before = batch.readBigInt64BE(header.at.baseTimestamp)
  if (sameRecords) return { payload, baseTimestamp: before }
  const plain = assemble(payload, {
    timestampType: timestampTypeOf(header.attributesOf(batch)),
  }, { baseTimestamp: before, maxTimestamp: header.maxTimestamp(batch), lastOffsetDelta: 0, count })
  const [first] = recordsOf(plain)
  const baseTimestamp = first!.timestamp
  const records = { [Symbol.iterator]: () => recordsOf(plain) }
  return { payload: writeRecords(records, baseTimestamp), baseTimestamp }
}
