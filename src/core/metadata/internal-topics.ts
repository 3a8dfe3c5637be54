/** D2.9: exactly these topics are internal; the broker itself writes them. */

export const OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTIONS_TOPIC = '__transaction_state'
export const SHARE_STATE_TOPIC = '__share_group_state'
/** Never a topic of a client's: the controller's own log. */
export const METADATA_TOPIC = '__cluster_metadata'

const INTERNAL_TOPICS: ReadonlySet<string> =
  new Set([OFFSETS_TOPIC, TRANSACTIONS_TOPIC, SHARE_STATE_TOPIC])

export function isInternalTopic (topic: string): boolean { return INTERNAL_TOPICS.has(topic) }
