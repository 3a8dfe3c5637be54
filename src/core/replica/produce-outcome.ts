/** What one partition answers to Produce (D5.31). */
import { code } from '../../../protocol/errors.ts'
import type { RecordFault } from '../../../protocol/records/check.ts'

export interface ProduceOutcome {
  errorCode: number
  baseOffset: bigint
  logAppendTimeMs: bigint
  logStartOffset: bigint
  errorMessage: string | null
  recordErrors: RecordFault[]
}

/** These codes answer no log start offset, whenever they are found. */
const WITHOUT_LOG_START = new Set<number>([
  code.CORRUPT_MESSAGE, code.UNKNOWN_TOPIC_OR_PARTITION, code.NOT_LEADER_OR_FOLLOWER,
  code.MESSAGE_TOO_LARGE,
  code.RECORD_LIST_TOO_LARGE, code.KAFKA_STORAGE_ERROR, code.UNKNOWN_TOPIC_ID,
])

export function refusal (
  errorCode: number, logStartOffset = -1n, errorMessage: string | null = null,
  recordErrors: RecordFault[] = []
): ProduceOutcome {
  return {
    errorCode,
    baseOffset: -1n,
    logAppendTimeMs: -1n,
    logStartOffset: WITHOUT_LOG_START.has(errorCode) ? -1n : logStartOffset,
    errorMessage,
    recordErrors,
  }
}
