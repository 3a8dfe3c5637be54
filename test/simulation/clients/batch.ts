/** Batches under way of a model producer, and where they go. */
import type { Operation } from '../history.ts'
import type { TopicFacts } from './client.ts'

export interface Batch {
  readonly target: Target
  readonly values: string[]
  readonly paddings: number[]
  readonly operation: MutableOperation
  epoch: number
  sequence: number
  isSent: boolean
  tries: number
  /** Not before this time again. */
  notBeforeMs: number
}

export interface Target {
  readonly topic: TopicFacts
  readonly index: number
  readonly key: string
  nextSequence: number
  /** In order; those that nobody has to wait for any more are gone. */
  readonly queue: Batch[]
  /** The last one that was acknowledged. */
  last: Batch | undefined
}

/** The client writes what has become of it. */
export type MutableOperation = { -readonly [K in keyof Operation]: Operation[K] }
