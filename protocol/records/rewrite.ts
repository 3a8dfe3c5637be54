/** Rewriting what a leader rewrites in the header of a batch before it appends it (D5.22). */
import { attribute, KNOWN_ATTRIBUTES, type TimestampType } from './attributes.ts'
import { at, attributesOf } from './header.ts'
import { sealBatch } from './seal.ts'

/**
 * Sets type bit and max timestamp in place and the checksum after it; deltas stay. Like Kafka it
 * clears attribute bits that mean nothing, but only in a batch that it has to change anyway.
 */
export function rewriteHeader (
  batch: Buffer, timestampType: TimestampType, maxTimestamp: bigint,
): void {
  const bit = timestampType === 'LogAppendTime' ? attribute.logAppendTime : 0
  const attributes = (attributesOf(batch) & KNOWN_ATTRIBUTES & ~attribute.logAppendTime) | bit
  batch.writeInt16BE(attributes, at.attributes)
  batch.writeBigInt64BE(maxTimestamp, at.maxTimestamp)
  sealBatch(batch)
}
