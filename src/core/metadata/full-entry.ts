/**
 * Records as the rules write them: every field stated, so that what is decided is what is replayed.
 */
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataRecord } from '../../../protocol/stored/metadata-record.ts'
import type { MessageOf } from '../../../protocol/types.ts'

/**
 * Like `entry`, but the value must be complete: it may be replayed without a trip through bytes.
 */
export function fullEntry<R extends MetadataRecord> (
  record: R, version: number, value: MessageOf<R>
): MetadataEntry {
  return { record, version, value } as unknown as MetadataEntry
}
