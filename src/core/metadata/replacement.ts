/**
 * A part of the image takes over what a snapshot says, and tells what has become different (R
 * 2.10.20).
 */

/**
 * The keys whose value is another now, or is gone, each with what it was: those that are gone come
 * first.
 */
export function * differences<K, V> (
  before: ReadonlyMap<K, V>, now: ReadonlyMap<K, V>
): Generator<readonly [key: K, before: V | undefined]> {
  for (const [key, was] of before) if (!now.has(key)) yield [key, was]
  for (const [key, value] of now) {
    const was = before.get(key)
    if (was === undefined || !areAlike(was, value)) yield [key, was]
  }
}

/**
 * Facts by their content: numbers, texts, bytes, lists, objects, and maps, in which the order says
 * nothing.
 */
export function areAlike (one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Map) return other instanceof Map && areAlikeMaps(one, other)
  if (isList(one)) {
    return isList(other) && one.length === other.length &&
      one.every((item, at) => areAlike(item, other[at]))
  }
  const fields = Object.keys(one)
  return fields.length === Object.keys(other).length && fields.every(name =>
    areAlike(one[name as keyof typeof one], other[name as keyof typeof other]))
}

type List = readonly unknown[] | Uint8Array

function isList (value: object): value is List {
  return Array.isArray(value) || value instanceof Uint8Array
}

function areAlikeMaps (
  one: ReadonlyMap<unknown, unknown>, other: ReadonlyMap<unknown, unknown>
): boolean {
  if (one.size !== other.size) return false
  for (const [key, value] of one) {
    if (!other.has(key) || !areAlike(value, other.get(key))) return false
  }
  return true
}
