/**
 * What a partition's owner keeps beside its log, so that opening does not walk over all of it.
 * Ottla's own; everything here can be derived from the log again.
 */
import { int16, int32, int64, list, message } from '../types.ts'
import type { MessageOf } from '../types.ts'

export const PartitionState = message({
  name: 'PartitionState',
  versions: [0, 0],
  flexible: 0,
  fields: {
    leaderEpochs: list({ epoch: int32, startOffset: int64 }),
    segments: list({
      baseOffset: int64,
      bytes: int64,
      maxTimestamp: int64,
      firstTimestamp: int64,
      createdMs: int64,
      modifiedMs: int64,
    }),
    producers: list({
      producerId: int64,
      epoch: int16,
      lastTimestamp: int64,
      coordinatorEpoch: int32,
      transactionFirstOffset: int64,
      batches: list({
        firstSequence: int32,
        lastSequence: int32,
        baseOffset: int64,
        lastOffset: int64,
        maxTimestamp: int64,
      }),
    }),
    abortedTransactions: list({
      producerId: int64,
      firstOffset: int64,
      lastOffset: int64,
      lastStableOffset: int64,
    }),
  },
})
export interface PartitionState extends MessageOf<typeof PartitionState> {}
