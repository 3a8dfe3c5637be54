/** Where a leader epoch ends in one partition that is led here (D8.2-3). */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { checkEpoch } from './fetch.ts'
import type { EpochEnd, ReadableReplica } from './contract.ts'

export function endOfEpoch (
  partition: ReadableReplica, epoch: number, currentLeaderEpoch: number
): EpochEnd {
  try {
    partition.ensureAvailable()
    checkEpoch(partition, currentLeaderEpoch)
    partition.ensureLeader()
    const { epoch: leaderEpoch, endOffset } =
      partition.state.epochs.endOffsetFor(epoch, partition.endOffset)
    return { errorCode: code.NONE, leaderEpoch, endOffset }
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.errorCode }
    throw error
  }
}
