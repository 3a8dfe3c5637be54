/** Which topic names are legal, and which are Kafka's own (D2.8, D2.9). */

const NAME_LENGTH_MAX = 249

export const CLUSTER_METADATA_TOPIC = '__cluster_metadata'

const INTERNAL_TOPICS: readonly string[] =
  ['__consumer_offsets', '__transaction_state', '__share_group_state']

export function isInternalTopic (name: string): boolean { return INTERNAL_TOPICS.includes(name) }

/** Undefined for a legal name, else Kafka's text about it (D2.8). */
export function topicNameProblem (name: string): string | undefined {
  const problem = (what: string): string => `Topic name is invalid: ${what}`
  if (name === '') return problem('the empty string is not allowed')
  if (name === '.' || name === '..') return problem(`'${name}' is not allowed`)
  if (name.length > NAME_LENGTH_MAX) {
    return problem(`the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`)
  }
  if (/[^a-zA-Z0-9._-]/.test(name)) {
    return problem(`'${name}' contains one or more characters other than ASCII alphanumerics, ` +
      '\'.\', \'_\' and \'-\'')
  }
  return undefined
}
