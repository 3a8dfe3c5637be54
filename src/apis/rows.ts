/**
 * The rows of answers. A request may name a topic twice, or without any partition; whether the
 * answer gathers those differs from API to API, and each says which it is.
 */

/** What belongs together, in the order in which it first comes (D0.12). */
export function grouped<Entry, Key> (
  entries: Iterable<Entry>, keyOf: (entry: Entry) => Key
): Map<Key, Entry[]> {
  const groups = new Map<Key, Entry[]>()
  for (const entry of entries) {
    const key = keyOf(entry)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return groups
}

/** A topic's row in the answers about a group's offsets. */
interface OffsetsRow {
  readonly name: string
  readonly topicId?: string
  readonly partitions: readonly unknown[]
}

/**
 * D0.12, OffsetCommit and OffsetDelete: what was refused before the group was asked has one row a
 * topic, and what the group answered joins it; with nothing refused, its rows stay as they were
 * asked for.
 */
export function withRefusals<Row extends OffsetsRow> (
  refusals: readonly Row[], answered: readonly Row[]
): Row[] {
  if (refusals.length === 0) return [...answered]
  return [...grouped([...refusals, ...answered], ({ topicId, name }) => `${topicId}/${name}`).values()]
    .map(rows => ({ ...rows[0] as Row, partitions: rows.flatMap(({ partitions }) => partitions) }))
}
