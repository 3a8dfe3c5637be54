/**
 * What every decider of the controller takes and gives. A decider reads the image and answers
 * with records to append as one atomic batch and a reply to send once they are committed (D0.7);
 * it changes nothing. The image changes by replaying the records, on this node as on all others.
 */
import { code, errorText, fittingText } from '../../../protocol/errors.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataImage } from '../metadata/image.ts'
import type { ConfigRules } from './config-rules.ts'

export interface Decision<Reply> {
  readonly records: readonly MetadataEntry[]
  readonly reply: Reply
}

/** What went wrong with one element of a request, or with all of it. */
export interface Failure {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** An error of a bare code carries its default text; one with a text of its own that (D0.3). */
export function failure (errorCode: number, text?: string): Failure {
  const defaultText = errorText(errorCode)
  if (text === undefined) return { errorCode, errorMessage: defaultText }
  return { errorCode, errorMessage: text === defaultText ? null : fittingText(text) }
}

/** The part of the controller's own settings that its decisions depend on. */
export interface ControllerSettings {
  readonly clusterId: string
  readonly nodeId: number
  readonly numPartitions: number
  readonly defaultReplicationFactor: number
  readonly deleteTopicEnable: boolean
  /** What the file or the default says; topic and dynamic values come out of the image. */
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
  readonly configs: ConfigRules
}

export interface ControllerView {
  readonly image: MetadataImage
  readonly settings: ControllerSettings
  /** Where the first record of the decision will stand in the metadata log. */
  readonly nextOffset: bigint
  /** At least 0, below 1. */
  random (): number
}

/** D0.7: Kafka's bound on what one user's request may write at once. */
export const RECORDS_MAX = 10_000

export const tooManyRecords: Failure =
  failure(code.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.')

export function exceedsBatch (records: readonly MetadataEntry[]): boolean {
  return records.length > RECORDS_MAX
}

export const nothing: readonly MetadataEntry[] = []
