/**
 * Produce at the leader: the checks of D5.11-30 in Kafka's order, then the append. Everything that
 * must be ordered happens before the first await; only large compressed batches are decompressed
 * off the loop, and then what follows them in the partition waits for its turn.
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { checkBatch, checkBatchAsync, isLarge, refusedBy, tooLargeBatch } from '../../../protocol/records/check.ts'
import type { AcceptedBatch, BatchDecision, BatchRules, RefusedBatch } from '../../../protocol/records/check.ts'
import { isLargeRebuild, rebuildBatch, rebuildBatchAsync } from '../../../protocol/records/rebuild.ts'
import { rewriteHeader } from '../../../protocol/records/rewrite.ts'
import { isInternalTopic } from '../../core/metadata/internal-topics.ts'
import { judge } from '../../core/producer/producer-state.ts'
import type { ProducedBatch } from '../../core/producer/producer-state.ts'
import { refusal } from '../../core/replica/produce-outcome.ts'
import type { ProduceOutcome } from '../../core/replica/produce-outcome.ts'
import type { Environment } from '../environment.ts'
import type { LeadingReplica, ProduceOptions } from './contract.ts'
import { sizeError } from './topic-settings.ts'

const ADMIN_CLIENT = '__admin_client'

/** What became of a batch, and if that is not known yet, when the next one may begin. */
interface Attempt { outcome: ProduceOutcome | Promise<ProduceOutcome>, placed?: Promise<void> }

/** Appends the one batch of a partition; a promise whenever something must be waited for. */
export function produce (
  partition: LeadingReplica, batch: Buffer, options: ProduceOptions, environment: Environment
): ProduceOutcome | Promise<ProduceOutcome> {
  const before = partition.checking ?? partition.whenLoaded()
  if (before === undefined) {
    const { outcome, placed } = attempt(partition, batch, options, environment)
    if (placed !== undefined) queueBehind(partition, placed)
    return outcome
  }
  const attempted = before.then(() => attempt(partition, batch, options, environment))
  queueBehind(partition, attempted.then(({ placed }) => placed))
  return attempted.then(({ outcome }) => outcome)
}

/** Nobody overtakes: the next batch begins when the last one in the queue has its place or none. */
function queueBehind (partition: LeadingReplica, last: Promise<void>): void {
  const settled = (): void => { if (partition.checking === done) partition.checking = undefined }
  const done: Promise<void> = last.then(settled, settled)
  partition.checking = done
}

function attempt (
  partition: LeadingReplica, batch: Buffer, options: ProduceOptions, environment: Environment
): Attempt {
  // D5.11: found before the log is looked at, so without its start.
  if (isInternalTopic(partition.identity.topic) && options.clientId !== ADMIN_CLIENT) {
    return { outcome: refusal(code.INVALID_TOPIC_EXCEPTION) }
  }
  try {
    checkLeader(partition, options)
    const prepared = prepare(batch, rulesOf(partition, environment.nowMs()), partition)
    return prepared instanceof Promise
      ? appendLater(partition, prepared, options, environment)
      : { outcome: appendPrepared(partition, prepared, options, environment) }
  } catch (error) {
    return { outcome: failure(error, partition) }
  }
}

/** A batch that was checked, and the bytes that are to be appended for it. */
type Prepared = RefusedBatch | { ok: true, decision: AcceptedBatch, bytes: Buffer }

/**
 * Checks, and rewrites what a leader rewrites (D5.14-23); a promise where that would hold up the
 * loop.
 */
function prepare (
  batch: Buffer, rules: BatchRules, partition: LeadingReplica
): Prepared | Promise<Prepared> {
  const { compressionLevels } = partition.settings
  const levelOf = ({ targetCodec }: AcceptedBatch): number | undefined =>
    (compressionLevels as Partial<Record<string, number>>)[targetCodec]
  const checked = isLarge(batch) ? checkBatchAsync(batch, rules) : checkBatch(batch, rules)
  const rewrite = (decision: BatchDecision): Prepared | Promise<Prepared> => {
    if (!decision.ok) return decision
    if (decision.rewrite === 'header') rewriteHeader(batch, decision.timestampType, decision.maxTimestamp)
    if (decision.rewrite !== 'rebuild') return { ok: true, decision, bytes: batch }
    const sized = (bytes: Buffer): Prepared =>
      bytes.length > rules.messageBytesMax
        ? tooLargeBatch(bytes, rules)
        : { ok: true, decision, bytes }
    if (!isLargeRebuild(decision)) return sized(rebuildBatch(decision, levelOf(decision)))
    return rebuildBatchAsync(decision, levelOf(decision)).then(sized, refusedBy)
  }
  return checked instanceof Promise ? checked.then(rewrite) : rewrite(checked)
}

function appendLater (
  partition: LeadingReplica, preparing: Promise<Prepared>, options: ProduceOptions,
  environment: Environment
): Attempt {
  let appended: () => void = () => {}
  const placed = new Promise<void>(resolve => { appended = resolve })
  const outcome = preparing
    .then(prepared => {
      checkLeader(partition, options)
      return appendPrepared(partition, prepared, options, environment, appended)
    })
    .catch(error => failure(error, partition))
    .finally(appended)
  return { outcome, placed }
}

function checkLeader (partition: LeadingReplica, { acks }: ProduceOptions): void {
  partition.ensureLeader()
  if (acks === -1 && !partition.hasEnoughReplicas) throw new KafkaError(code.NOT_ENOUGH_REPLICAS)
}

function rulesOf ({ name, settings }: LeadingReplica, nowMs: number): BatchRules {
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

function appendPrepared (
  partition: LeadingReplica, prepared: Prepared, options: ProduceOptions, environment: Environment,
  appended = () => {}
): ProduceOutcome | Promise<ProduceOutcome> {
  if (!prepared.ok) {
    return refusal(prepared.errorCode, partition.startOffset, prepared.message,
      prepared.recordErrors)
  }
  const { decision, bytes } = prepared
  const tooLarge = sizeError(bytes.length, partition.settings)
  if (tooLarge !== code.NONE) return refusal(tooLarge)
  const produced = factsOf(decision)
  if (decision.producerId >= 0n) {
    const verdict = judge(partition.state.producers.find(decision.producerId), produced,
      options.version)
    if (verdict.kind === 'error') return refusal(verdict.errorCode, partition.startOffset)
    if (verdict.kind === 'duplicate') {
      // D5.26: the first answer again, and not before the first could be given.
      const { baseOffset, lastOffset, maxTimestamp } = verdict.batch
      return settle(partition, { baseOffset, lastOffset, appendTimeMs: maxTimestamp },
        partition.written(lastOffset + 1n), options, environment)
    }
  }
  const { baseOffset, lastOffset, written } = partition.append(bytes, produced, decision.count)
  appended()
  const appendTimeMs = decision.timestampType === 'LogAppendTime' ? decision.maxTimestamp : -1n
  return settle(partition, { baseOffset, lastOffset, appendTimeMs }, written, options, environment)
}

function factsOf (decision: AcceptedBatch): ProducedBatch {
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

/** D5.33: what acks waits for. What fails once the batch is in the log still names its place. */
async function settle (
  partition: LeadingReplica, { baseOffset, lastOffset, appendTimeMs }: Placed,
  written: Promise<void>,
  { acks, timeoutMs }: ProduceOptions, environment: Environment
): Promise<ProduceOutcome> {
  const outcome: ProduceOutcome = {
    errorCode: code.NONE,
    baseOffset,
    logAppendTimeMs: appendTimeMs,
    logStartOffset: partition.startOffset,
    errorMessage: null,
    recordErrors: [],
  }
  try {
    await written
  } catch (error) {
    return failure(error, partition)
  }
  if (acks !== -1) return outcome
  try {
    const end = lastOffset + 1n
    // Alone, a broker has committed what it has written: no timer then.
    if (partition.highWatermark < end &&
      !await within(partition.reached(end), timeoutMs, environment)) {
      return { ...outcome, errorCode: code.REQUEST_TIMED_OUT }
    }
  } catch (error) {
    return { ...outcome, errorCode: failure(error, partition).errorCode }
  }
  return partition.hasEnoughReplicas
    ? outcome
    : { ...outcome, errorCode: code.NOT_ENOUGH_REPLICAS_AFTER_APPEND }
}

/** Whether the promise settled within the time. */
function within (
  promise: Promise<void>, timeoutMs: number, environment: Environment
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = environment.setTimer(Math.max(timeoutMs, 0), () => { resolve(false) })
    promise.then(() => { timer.cancel(); resolve(true) },
      error => { timer.cancel(); reject(error) })
  })
}

function failure (error: unknown, partition: LeadingReplica): ProduceOutcome {
  if (!(error instanceof KafkaError)) throw error
  return refusal(error.errorCode, partition.startOffset)
}
