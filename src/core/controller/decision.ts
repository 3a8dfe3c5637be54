/**
 * What every decider of the controller takes and gives. A decider reads the image and answers
 * with records to append as one atomic batch and a reply to send once they are committed (D0.7);
 * it changes nothing. The image changes by replaying the records, on this node as on all others.
 */
import { code } from '../../../protocol/errors.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataImage } from '../metadata/image.ts'
import type { ConfigRules, TopicDefaults } from './config-rules.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'

export interface ControllerResult<Reply> {
  readonly records: readonly MetadataEntry[]
  readonly reply: Reply
}

/** The part of the controller's own settings that its decisions depend on. */
export interface ControllerSettings extends TopicDefaults {
  readonly clusterId: string
  readonly numPartitions: number
  readonly defaultReplicationFactor: number
  readonly deleteTopicEnable: boolean
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
