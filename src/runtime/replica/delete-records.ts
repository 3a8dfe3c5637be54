/** DeleteRecords in one partition that is led here (D9.1-3). */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { StoreError } from '../../store/store.ts'
import type { DeletedRecords, LeadingReplica } from './contract.ts'

/** Asks for everything that readers can see. */
const HIGH_WATERMARK = -1n

/** The log start moves to `offset`, which may lie inside a batch; one below it changes nothing. */
export async function deleteRecords (
  partition: LeadingReplica, offset: bigint
): Promise<DeletedRecords> {
  try {
    await partition.whenLoaded()
    partition.ensureLeader()
    const { settings: { compacts, deletes }, highWatermark } = partition
    // Compaction alone promises the latest value of every key; deleting would break that.
    if (compacts && !deletes) throw new KafkaError(code.POLICY_VIOLATION)
    const target = offset === HIGH_WATERMARK ? highWatermark : offset
    if (target < 0n || target > highWatermark) throw new KafkaError(code.OFFSET_OUT_OF_RANGE)
    await partition.advanceStart(target)
    return { errorCode: code.NONE, lowWatermark: partition.startOffset }
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.errorCode, lowWatermark: -1n }
    if (error instanceof StoreError) {
      return { errorCode: code.KAFKA_STORAGE_ERROR, lowWatermark: -1n }
    }
    throw error
  }
}
