/** The reading half of the codec: closures per type, with the decoder's budgets inside. */
import { DecodeError } from './cursor.ts'
import type { Reader } from './cursor.ts'
import { ZERO_UUID } from './uuid.ts'
import type { AnyType, Fields, Primitive } from './types.ts'

export type Read = (reader: Reader) => any

/** R-X4: tagged fields of one struct. */
const TAGS_MAX = 1000

/** Estimated heap of a decoded struct: its header and a slot a field. */
const STRUCT_HEAP = 24
const SLOT_HEAP = 8

const EMPTY_BYTES = Buffer.alloc(0)
const EMPTY_ARRAY: readonly never[] = Object.freeze([])

export function inVersion (type: AnyType, version: number): boolean {
  return version >= type.versions[0] && version <= type.versions[1]
}

export function nullableAt (type: AnyType, version: number): boolean {
  const range = type.nullable
  return range !== undefined && version >= range[0] && version <= range[1]
}

export function defaultOf (type: AnyType): any {
  if (type.default !== undefined) return type.default
  switch (type.kind) {
    case 'bool': return false
    case 'int64': return 0n
    case 'string': return ''
    case 'uuid': return ZERO_UUID
    case 'bytes': case 'records': return EMPTY_BYTES
    case 'array': return EMPTY_ARRAY
    case 'struct': {
      const value: Record<string, unknown> = {}
      for (const [name, field] of Object.entries(type.fields as Fields)) {
        value[name] = defaultOf(field)
      }
      return Object.freeze(value)
    }
    default: return 0
  }
}

const FIXED: Partial<Record<Primitive, { bytes: number, read: Read }>> = {
  bool: { bytes: 1, read: reader => reader.int8() !== 0 },
  int8: { bytes: 1, read: reader => reader.int8() },
  int16: { bytes: 2, read: reader => reader.int16() },
  uint16: { bytes: 2, read: reader => reader.uint16() },
  int32: { bytes: 4, read: reader => reader.int32() },
  uint32: { bytes: 4, read: reader => reader.uint32() },
  int64: { bytes: 8, read: reader => reader.int64() },
  float64: { bytes: 8, read: reader => reader.float64() },
  uuid: { bytes: 16, read: reader => reader.uuid() },
}

/** The fewest bytes that a value of this type takes on the wire (R-X2). */
export function minBytes (type: AnyType, version: number, flexible: boolean): number {
  const fixed = FIXED[type.kind as Primitive]
  if (fixed) return fixed.bytes
  if (type.kind === 'string') return flexible && type.neverCompact !== true ? 1 : 2
  if (type.kind !== 'struct') return flexible ? 1 : 4
  if (nullableAt(type, version)) return 1
  let sum = flexible ? 1 : 0
  for (const field of Object.values(type.fields as Fields)) {
    if (field.tag === undefined && inVersion(field, version)) {
      sum += minBytes(field, version, flexible)
    }
  }
  return sum
}

export function compileReader (type: AnyType, version: number, flexible: boolean): Read {
  const fixed = FIXED[type.kind as Primitive]
  if (fixed) return fixed.read
  const nullable = nullableAt(type, version)
  if (type.kind === 'struct') {
    const read = structReader(type.fields as Fields, version, flexible)
    if (!nullable) return read
    // Kafka's mark of a null struct is a varint of 0 inside a tag, a byte of -1 elsewhere.
    return type.tag === undefined
      ? reader => reader.int8() < 0 ? null : read(reader)
      : reader => reader.unsignedVarint() === 0 ? null : read(reader)
  }
  const length = lengthReader(type, flexible)
  const read = type.kind === 'array'
    ? arrayReader(type.element as AnyType, version, flexible)
    : type.kind === 'string'
      ? (reader: Reader, size: number) => reader.utf8(size)
      : (reader: Reader, size: number) => reader.slice(size)
  return reader => {
    const size = length(reader)
    if (size >= 0) return read(reader, size)
    if (size === -1 && nullable) return null
    throw new DecodeError(`length ${size} where the ${type.kind} may not be null`)
  }
}

/** Lengths: compact ones count from one, so that zero is null (KIP-482). */
function lengthReader (type: AnyType, flexible: boolean): (reader: Reader) => number {
  if (flexible && type.neverCompact !== true) return reader => reader.unsignedVarint() - 1
  return type.kind === 'string' ? reader => reader.int16() : reader => reader.int32()
}

function arrayReader (
  element: AnyType, version: number, flexible: boolean
): (reader: Reader, count: number) => unknown[] {
  const read = compileReader(element, version, flexible)
  const least = minBytes(element, version, flexible)
  if (least < 1) throw new RangeError('an array element takes at least one byte (R-X2)')
  const heap = element.kind === 'int64' || element.kind === 'uuid' ? SLOT_HEAP + 24 : SLOT_HEAP
  return (reader, count) => {
    reader.elements(count, least)
    reader.retain(32 + count * heap)
    const values: unknown[] = []
    for (let i = 0; i < count; i++) values.push(read(reader))
    return values
  }
}

function structReader (fields: Fields, version: number, flexible: boolean): Read {
  const names = Object.keys(fields)
  const heap = STRUCT_HEAP + SLOT_HEAP * names.length
  const blank: Record<string, unknown> = {}
  const steps: Array<{ name: string, read: Read }> = []
  const tags = new Map<number, { name: string, read: Read }>()
  for (const name of names) {
    const field = fields[name] as AnyType
    blank[name] = defaultOf(field)
    if (!inVersion(field, version)) continue
    const step = { name, read: compileReader(field, version, flexible) }
    if (field.tag === undefined) steps.push(step)
    else if (flexible) tags.set(field.tag, step)
  }
  return reader => {
    reader.retain(heap)
    const value = { ...blank }
    for (const step of steps) value[step.name] = step.read(reader)
    if (flexible) readTags(reader, tags, value)
    return value
  }
}

/** R-X4: known tags once each and exactly as long as they say; others are skipped, not kept. */
function readTags (
  reader: Reader, known: Map<number, { name: string, read: Read }>, value: Record<string, unknown>
): void {
  const count = reader.unsignedVarint()
  if (count === 0) return
  if (count > TAGS_MAX || count > reader.remaining / 2) throw new DecodeError(`${count} tagged fields`)
  let seen = 0
  for (let i = 0; i < count; i++) {
    const tag = reader.unsignedVarint()
    const size = reader.unsignedVarint()
    const step = known.get(tag)
    const start = reader.position
    if (step === undefined) {
      reader.take(size)
      continue
    }
    if ((seen & 1 << tag) !== 0) throw new DecodeError(`tag ${tag} twice`)
    seen |= 1 << tag
    if (size > reader.remaining) throw new DecodeError(`tag ${tag} of ${size} bytes`)
    value[step.name] = step.read(reader)
    if (reader.position - start !== size) throw new DecodeError(`tag ${tag} is not ${size} bytes long`)
  }
}
