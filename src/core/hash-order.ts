/**
 * The order in which Java goes through a map of names: by hash, which clients see in texts and in
 * which of two errors they are told. Only what is visible of it is here.
 */

import { javaStringHash } from '../../protocol/records/hashes.ts'

/** What a HashMap has unless it was made for a number of names. */
const SLOTS = 16
/** So full it may be before it doubles. */
const LOAD_FACTOR = 0.75

/**
 * The entries as a HashMap made for `expected` names gives them; names that share a slot as they
 * came.
 */
export function hashOrder<Value> (
  entries: ReadonlyMap<string, Value>, expected = SLOTS
): Array<[name: string, value: Value]> {
  let slots = 1
  while (slots < expected) slots *= 2
  while (entries.size > Math.floor(slots * LOAD_FACTOR)) slots *= 2
  const slotOf = (name: string): number => {
    const hash = javaStringHash(name)
    return (hash ^ (hash >>> 16)) & (slots - 1)
  }
  return [...entries].sort(([one], [other]) => slotOf(one) - slotOf(other))
}
