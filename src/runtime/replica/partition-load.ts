/** Derives a partition's state from its log: the newest checkpoint, then the batches behind it. */
import { batchesIn } from '../../../protocol/records/batches.ts'
import * as header from '../../../protocol/records/header.ts'
import { attribute, NO_PRODUCER_ID } from '../../../protocol/records/attributes.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { readEndMarker } from '../../../protocol/records/control.ts'
import { LogState } from '../../core/replica/log-state.ts'
import type { LoggedBatch } from '../../core/replica/log-state.ts'
import type { EndOfTransaction } from '../../core/producer/producer-state.ts'
import type { SegmentLimits } from '../../core/replica/segments.ts'
import type { Log } from '../../store/store.ts'
import type { Environment } from '../environment.ts'

/** Bytes read at once while loading. */
const LOAD_BYTES = 4 * 1024 * 1024

export interface LoadedState {
  readonly state: LogState
  /** Some of it is in no checkpoint: times that the log does not have are those of this load. */
  readonly isBehind: boolean
}

export async function loadLogState (
  log: Log, limits: SegmentLimits, environment: Environment
): Promise<LoadedState> {
  await log.ready()
  const { checkpoint } = log
  const state = checkpoint === undefined ? new LogState() : LogState.decode(checkpoint.state)
  let offset = checkpoint?.offset ?? log.startOffset
  const isBehind = offset < log.endOffset
  const context = { limits, nowMs: environment.nowMs(), random: 0 }
  while (offset < log.endOffset) {
    const read = await log.read(offset, log.endOffset, LOAD_BYTES, true)
    try {
      if (read.bytes === 0) break
      for (const chunk of read.chunks) {
        for (const batch of batchesIn(chunk)) {
          const facts = factsOf(batch)
          // The first batch may begin before the offset that was asked for.
          if (facts.baseOffset >= offset) state.replay(facts, context)
          offset = facts.lastOffset + 1n
        }
      }
    } finally {
      read.release()
    }
  }
  state.startAt(log.startOffset, log.endOffset)
  return { state, isBehind }
}

/** What a stored batch says about itself. */
export function factsOf (batch: Buffer): LoggedBatch {
  const baseOffset = header.baseOffset(batch)
  const attributes = header.attributesOf(batch)
  const facts = {
    baseOffset,
    lastOffset: header.lastOffset(batch),
    bytes: batch.length,
    leaderEpoch: header.leaderEpoch(batch),
    maxTimestamp: header.maxTimestamp(batch),
    producerId: header.producerId(batch),
    producerEpoch: header.producerEpoch(batch),
    firstSequence: header.baseSequence(batch),
    lastSequence: header.lastSequence(batch),
    isTransactional: (attributes & attribute.transactional) !== 0,
  }
  if ((attributes & attribute.control) === 0) return facts
  const end = endOf(batch, facts)
  // D25.17: a marker that compaction has emptied is no data of its producer's.
  return end === undefined ? { ...facts, producerId: NO_PRODUCER_ID } : { ...facts, end }
}

function endOf (batch: Buffer, facts: LoggedBatch): EndOfTransaction | undefined {
  for (const record of recordsOf(batch)) {
    const marker = readEndMarker(record)
    if (marker === undefined) continue
    return {
      producerId: facts.producerId,
      producerEpoch: facts.producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      committed: marker.committed,
      offset: record.offset,
      timestamp: record.timestamp,
    }
  }
  return undefined
}
