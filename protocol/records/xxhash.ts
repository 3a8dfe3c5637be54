/** XXH32 with seed 0: the checksum of LZ4 frames. */

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

function rotateLeft (value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function round (lane: number, word: number): number {
  return Math.imul(rotateLeft((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1)
}

function wordAt (bytes: Uint8Array, position: number): number {
  return bytes[position]! | (bytes[position + 1]! << 8) |
    (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)
}

/** XXH32 of the bytes from `start` to `end`, as an unsigned number. */
export function xxhash32 (bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start
  let position = start
  let hash: number
  if (length >= 16) {
    let a = (PRIME_1 + PRIME_2) | 0
    let b = PRIME_2 | 0
    let c = 0
    let d = -PRIME_1 | 0
    for (; position + 16 <= end; position += 16) {
      a = round(a, wordAt(bytes, position))
      b = round(b, wordAt(bytes, position + 4))
      c = round(c, wordAt(bytes, position + 8))
      d = round(d, wordAt(bytes, position + 12))
    }
    hash = rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18)
  } else {
    hash = PRIME_5
  }
  hash = (hash + length) | 0
  for (; position + 4 <= end; position += 4) {
    hash = Math.imul(rotateLeft((hash + Math.imul(wordAt(bytes, position), PRIME_3)) | 0, 17),
      PRIME_4)
  }
  for (; position < end; position += 1) {
    hash = Math.imul(rotateLeft((hash + Math.imul(bytes[position]!, PRIME_5)) | 0, 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}
