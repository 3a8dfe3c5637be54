/** The hashes by which Kafka places keys, groups and transactions on partitions. */

const MURMUR_SEED = 0x9747b28c
const MURMUR_FACTOR = 0x5bd1e995
const MURMUR_SHIFT = 24

/** murmur2 as Kafka's clients compute it, a signed 32-bit number. */
export function murmur2 (bytes: Uint8Array): number {
  const length = bytes.length
  let hash = MURMUR_SEED ^ length
  let position = 0
  for (; position + 4 <= length; position += 4) {
    let word = bytes[position]! | (bytes[position + 1]! << 8) |
      (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)
    word = Math.imul(word, MURMUR_FACTOR)
    word ^= word >>> MURMUR_SHIFT
    hash = Math.imul(hash, MURMUR_FACTOR) ^ Math.imul(word, MURMUR_FACTOR)
  }
  const rest = length - position
  if (rest === 3) hash ^= bytes[position + 2]! << 16
  if (rest >= 2) hash ^= bytes[position + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[position]!, MURMUR_FACTOR)
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR_FACTOR)
  return hash ^ (hash >>> 15)
}

/** The partition that Kafka's default partitioner gives a key. */
export function partitionOfKey (key: Uint8Array, partitions: number): number {
  return toPositive(murmur2(key)) % partitions
}

/** Clears the sign bit: not the absolute value. */
export function toPositive (value: number): number { return value & 0x7fffffff }

/** The absolute value, 0 for the one number that has none. */
export function absolute (value: number): number {
  return value === -0x80000000 ? 0 : Math.abs(value)
}

/** Java's `String.hashCode`: over UTF-16 units, a signed 32-bit number. */
export function javaStringHash (text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index += 1) {
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0
  }
  return hash
}

/** The partition of an internal topic that a group, transactional id or share key belongs to. */
export function coordinatorPartition (id: string, partitions: number): number {
  return absolute(javaStringHash(id)) % partitions
}

/** The key that places a share group's state of one partition (KIP-932). */
export function shareCoordinatorKey (groupId: string, topicId: string, partition: number): string {
  return `${groupId}:${topicId}:${partition}`
}
