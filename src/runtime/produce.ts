/**
 * Produce at the leader: the checks of D5.11-30 in Kafka's order, then the append. Everything that
 * must be ordered happens before the first await; only large compressed batches are decompressed
 * off the loop, and then what follows them in the partition waits for its turn.
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { checkBatch, checkBatchAsync, isLarge } from '../../protocol/records/check.ts'
import type { AcceptedBatch, BatchDecision, BatchRules } from '../../protocol/records/check.ts'
import { rebuildBatch } from '../../protocol/records/rebuild.ts'
import { rewriteHeader } from '../../protocol/records/rewrite.ts'
import { isInternalTopic } from '../core/metadata/internal-topics.ts'
import { judge } from '../core/producer/producer-state.ts'
import { refusal } from '../core/replica/produce-outcome.ts'
import type { ProduceOutcome } from '../core/replica/produce-outcome.ts'
import type { Environment } from './environment.ts'
import type { Partition } from './partition.ts'

export interface ProduceOptions {
  readonly version: number
  readonly acks: number
  readonly clientId: string | null
  readonly timeoutMs: number
}

const ADMIN_CLIENT = '__admin_client'

/** Appends the one batch of a partition; a promise whenever something must be waited for. */
export function produce (
  partition: Partition, batch: Buffer, options: ProduceOptions, environment: Environment
): ProduceOutcome | Promise<ProduceOutcome> {
  const attempt = (): ProduceOutcome | Promise<ProduceOutcome> => {
    try {
      checkLeader(partition, options)
      const rules = rulesOf(partition, environment.nowMs())
      if (!isLarge(batch)) return appendChecked(partition, checkBatch(batch, rules), options, environment)
      return checkLater(partition, batch, rules, options, environment)
    } catch (error) {
      return failure(error, partition)
    }
  }
  const before = partition.checking
  return before === undefined ? attempt() : before.then(attempt)
}

/** Decompression off the loop: later appends to the partition queue up behind `checking`. */
function checkLater (
  partition: Partition, batch: Buffer, rules: BatchRules, options: ProduceOptions, environment: Environment
): Promise<ProduceOutcome> {
  const checked = checkBatchAsync(batch, rules)
  const done: Promise<void> = checked.then(() => {}, () => {}).then(() => {
    if (partition.checking === done) partition.checking = undefined
  })
  partition.checking = done
  return checked
    .then(decision => {
      checkLeader(partition, options)
      return appendChecked(partition, decision, options, environment)
    })
    .catch(error => failure(error, partition))
}

function checkLeader (partition: Partition, { acks, clientId }: ProduceOptions): void {
  if (isInternalTopic(partition.identity.topic) && clientId !== ADMIN_CLIENT) {
    throw new KafkaError(code.INVALID_TOPIC_EXCEPTION)
  }
  partition.ensureLeader()
  if (acks === -1 && !partition.hasEnoughReplicas) throw new KafkaError(code.NOT_ENOUGH_REPLICAS)
}

function rulesOf ({ name, settings }: Partition, nowMs: number): BatchRules {
  return {
    topicPartition: name,
    timestampType: settings.timestampType,
    timestampBeforeMaxMs: settings.timestampBeforeMaxMs,
    timestampAfterMaxMs: settings.timestampAfterMaxMs,
    messageBytesMax: settings.messageBytesMax,
    compacted: settings.compacts,
    compressionType: settings.compressionType,
    decompressedMessageBytesMax: settings.decompressedMessageBytesMax,
    nowMs,
  }
}

function appendChecked (
  partition: Partition, decision: BatchDecision, options: ProduceOptions, environment: Environment
): ProduceOutcome | Promise<ProduceOutcome> {
  if (!decision.ok) {
    return refusal(decision.errorCode, partition.startOffset, decision.message, decision.recordErrors)
  }
  const { settings } = partition
  const batch = rewritten(decision, partition)
  if (batch.length > settings.messageBytesMax) return refusal(code.MESSAGE_TOO_LARGE)
  if (batch.length > settings.segment.bytesMax) return refusal(code.RECORD_LIST_TOO_LARGE)
  const produced = factsOf(decision)
  if (decision.producerId >= 0n) {
    const verdict = judge(partition.state.producers.find(decision.producerId), produced, options.version)
    if (verdict.kind === 'error') return refusal(verdict.errorCode, partition.startOffset)
    if (verdict.kind === 'duplicate') {
      // D5.26: the first answer again, and with acks=-1 only once it is committed.
      const { baseOffset, lastOffset, maxTimestamp } = verdict.batch
      return settle(partition, { baseOffset, lastOffset, appendTimeMs: maxTimestamp }, undefined, options, environment)
    }
  }
  const appended = partition.append(batch, produced, decision.count)
  const appendTimeMs = decision.timestampType === 'LogAppendTime' ? decision.maxTimestamp : -1n
  return settle(partition, { ...appended, appendTimeMs }, appended.written, options, environment)
}

/** D5.22-23: what the leader rewrites. */
function rewritten (decision: AcceptedBatch, { settings }: Partition): Buffer {
  const { batch, timestampType, maxTimestamp } = decision
  if (decision.rewrite === 'none') return batch
  if (decision.rewrite === 'header') {
    rewriteHeader(batch, timestampType, maxTimestamp)
    return batch
  }
  const levels: Record<string, number> = settings.compressionLevels
  return rebuildBatch(decision, levels[decision.targetCodec])
}

function factsOf (decision: AcceptedBatch) {
  return {
    producerId: decision.producerId,
    producerEpoch: decision.producerEpoch,
    firstSequence: decision.baseSequence,
    lastSequence: decision.lastSequence,
    maxTimestamp: decision.maxTimestamp,
    isTransactional: decision.isTransactional,
    baseOffset: -1n,
    lastOffset: -1n,
  }
}

interface Placed { baseOffset: bigint, lastOffset: bigint, appendTimeMs: bigint }

/** D5.33: what acks waits for. */
async function settle (
  partition: Partition, { baseOffset, lastOffset, appendTimeMs }: Placed, written: Promise<void> | undefined,
  { acks, timeoutMs }: ProduceOptions, environment: Environment
): Promise<ProduceOutcome> {
  const logStartOffset = partition.startOffset
  const outcome: ProduceOutcome = {
    errorCode: code.NONE, baseOffset, logAppendTimeMs: appendTimeMs, logStartOffset, errorMessage: null, recordErrors: [],
  }
  try {
    await written
    if (acks !== -1) return outcome
    if (partition.highWatermark <= lastOffset) {
      const inTime = await within(partition.reached(lastOffset + 1n), timeoutMs, environment)
      // The records stay; only the wait has ended.
      if (!inTime) return { ...outcome, errorCode: code.REQUEST_TIMED_OUT }
    }
    return partition.hasEnoughReplicas ? outcome : refusal(code.NOT_ENOUGH_REPLICAS_AFTER_APPEND, logStartOffset)
  } catch (error) {
    return failure(error, partition)
  }
}

/** Whether the promise settled within the time. */
function within (promise: Promise<void>, timeoutMs: number, environment: Environment): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = environment.setTimer(Math.max(timeoutMs, 0), () => { resolve(false) })
    promise.then(() => { timer.cancel(); resolve(true) }, error => { timer.cancel(); reject(error) })
  })
}

function failure (error: unknown, partition: Partition): ProduceOutcome {
  if (!(error instanceof KafkaError)) throw error
  return refusal(error.errorCode, partition.startOffset)
}
