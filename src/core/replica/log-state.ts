/**
 * Everything that is derived from a partition's log: leader epochs, segments, producers and aborted
 * transactions. One `replay` per batch, the same at append and at open (decide, persist, replay).
 */
import { decode, encode } from '../../../protocol/codec.ts'
import { PartitionState } from '../../../protocol/stored/partition-state.ts'
import { AbortedTransactions } from './aborted-transactions.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { ProducerState } from '../producer/producer-state.ts'
import type { EndOfTransaction, ProducedBatch } from '../producer/producer-state.ts'
import { Segments } from './segments.ts'
import type { SegmentLimits } from './segments.ts'

const STATE_VERSION = 0
const NO_OFFSET = -1n

/** The facts of one stored batch. */
export interface LoggedBatch extends ProducedBatch {
  readonly bytes: number
  readonly leaderEpoch: number
  /** A control batch's end of a transaction. */
  readonly end?: EndOfTransaction
}

export interface ReplayContext {
  readonly limits: SegmentLimits
  readonly nowMs: number
  /** Uniform in [0, 1): the jitter of segment.jitter.ms. */
  readonly random: number
}

export class LogState {
  readonly epochs: LeaderEpochs
  readonly segments: Segments
  readonly producers: ProducerState
  readonly aborted: AbortedTransactions

  constructor (epochs = new LeaderEpochs(), segments = new Segments(),
    producers = new ProducerState(), aborted = new AbortedTransactions()) {
    this.epochs = epochs
    this.segments = segments
    this.producers = producers
    this.aborted = aborted
  }

  /** D25.3: the order of one append, as far as it changes derived state. */
  replay (batch: LoggedBatch, { limits, nowMs, random }: ReplayContext): void {
    this.epochs.assign(batch.leaderEpoch, batch.baseOffset)
    this.segments.append(batch, limits, nowMs, random)
    if (batch.end !== undefined) this.#replayEnd(batch.end)
    else if (batch.producerId >= 0n) this.producers.replay(batch)
  }

  #replayEnd (end: EndOfTransaction): void {
    const firstOffset = this.producers.replayEnd(end)
    if (firstOffset === undefined || end.committed) return
    const lastStableOffset = this.producers.firstOpenOffset ?? end.offset + 1n
    this.aborted.add(
      { producerId: end.producerId, firstOffset, lastOffset: end.offset, lastStableOffset }
    )
  }

  /** The log now starts at `startOffset`. */
  startAt (startOffset: bigint, endOffset: bigint): void {
    this.epochs.truncateFromStart(startOffset)
    this.segments.dropBelow(startOffset, endOffset)
    this.aborted.dropBelow(startOffset)
  }

  encode (): Buffer {
    return encode(PartitionState, STATE_VERSION, {
      leaderEpochs: this.epochs.entries,
      segments: this.segments.all.map(segment => ({
        ...segment,
        bytes: BigInt(segment.bytes),
        createdMs: BigInt(segment.createdMs),
        modifiedMs: BigInt(segment.modifiedMs),
      })),
      producers: [...this.producers.entries].map(entry => ({
        ...entry, transactionFirstOffset: entry.transactionFirstOffset ?? NO_OFFSET,
      })),
      abortedTransactions: this.aborted.entries,
    })
  }

  static decode (bytes: Buffer): LogState {
    const state = decode(PartitionState, STATE_VERSION, bytes)
    return new LogState(
      new LeaderEpochs(state.leaderEpochs),
      new Segments(state.segments.map(segment => ({
        ...segment,
        bytes: Number(segment.bytes),
        createdMs: Number(segment.createdMs),
        modifiedMs: Number(segment.modifiedMs),
      }))),
      new ProducerState(state.producers.map(({ transactionFirstOffset: first, ...entry }) => ({
        ...entry, transactionFirstOffset: first === NO_OFFSET ? undefined : first,
      }))),
      new AbortedTransactions(state.abortedTransactions)
    )
  }
}
