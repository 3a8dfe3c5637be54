/**
 * The writing half of the codec. Wrong values are bugs of ours and throw a TypeError; only a string
 * may be too long because of what a client sent.
 */
import { StringTooLong } from './cursor.ts'
import type { Writer } from './cursor.ts'
import { defaultOf, inVersion, nullableAt } from './codec-read.ts'
import type { AnyType, Fields, Primitive, RecordsToWrite } from './types.ts'

export type Write = (writer: Writer, value: any) => void

const STRING_MAX = 32767

const FIXED: Partial<Record<Primitive, Write>> = {
  bool: (writer, value) => writer.int8(value ? 1 : 0),
  int8: (writer, value) => writer.int8(value),
  int16: (writer, value) => writer.int16(value),
  uint16: (writer, value) => writer.uint16(value),
  int32: (writer, value) => writer.int32(value),
  uint32: (writer, value) => writer.uint32(value),
  int64: (writer, value) => writer.int64(value),
  float64: (writer, value) => writer.float64(value),
  uuid: (writer, value) => writer.uuid(value),
}

export function compileWriter (type: AnyType, version: number, flexible: boolean): Write {
  const fixed = FIXED[type.kind as Primitive]
  if (fixed) return fixed
  const nullable = nullableAt(type, version)
  if (type.kind === 'struct') {
    const write = structWriter(type.fields as Fields, version, flexible)
    if (!nullable) return write
    const isTagged = type.tag !== undefined
    return (writer, value) => {
      if (value !== null) {
        writer.int8(1)
        write(writer, value)
      } else writer.int8(isTagged ? 0 : -1)
    }
  }
  const length = lengthWriter(type, flexible)
  const write = contentWriter(type, length, version, flexible)
  return (writer, value) => {
    if (value !== null) return write(writer, value)
    if (!nullable) throw new TypeError(`null for a ${type.kind} that may not be null in version ${version}`)
    length(writer, -1)
  }
}

function lengthWriter (type: AnyType, flexible: boolean): (writer: Writer, length: number) => void {
  if (flexible && type.neverCompact !== true) {
    return (writer, length) => writer.unsignedVarint(length + 1)
  }
  return type.kind === 'string'
    ? (writer, length) => writer.int16(length)
    : (writer, length) => writer.int32(length)
}

function contentWriter (
  type: AnyType, length: (writer: Writer, length: number) => void, version: number,
  flexible: boolean
): Write {
  switch (type.kind) {
    case 'string': return (writer, value: string) => {
      const size = Buffer.byteLength(value)
      if (size > STRING_MAX) throw new StringTooLong(`a string of ${size} bytes; ${STRING_MAX} is the most`)
      length(writer, size)
      if (size > 0) writer.utf8(value, size)
    }
    case 'bytes': return (writer, value: Uint8Array) => {
      length(writer, value.length)
      writer.raw(value)
    }
    case 'records': return (writer, value: RecordsToWrite) => {
      if (Buffer.isBuffer(value)) {
        length(writer, value.length)
        return writer.reference(value)
      }
      length(writer, value.reduce((sum, chunk) => sum + chunk.length, 0))
      for (const chunk of value) writer.reference(chunk)
    }
    default: {
      const write = compileWriter(type.element as AnyType, version, flexible)
      return (writer, value: readonly unknown[]) => {
        length(writer, value.length)
        for (let i = 0; i < value.length; i++) write(writer, value[i])
      }
    }
  }
}

interface Step { name: string, write: Write, otherwise: unknown, type: AnyType }

function structWriter (fields: Fields, version: number, flexible: boolean): Write {
  const steps: Step[] = []
  const tags: Step[] = []
  for (const [name, type] of Object.entries(fields)) {
    if (!inVersion(type, version)) continue
    const step = {
      name, write: compileWriter(type, version, flexible), otherwise: defaultOf(type), type,
    }
    if (type.tag === undefined) steps.push(step)
    else if (flexible) tags.push(step)
  }
  tags.sort((a, b) => (a.type.tag as number) - (b.type.tag as number))
  return (writer, value) => {
    for (const { name, write, otherwise } of steps) {
      const given = value[name]
      write(writer, given === undefined ? otherwise : given)
    }
    if (flexible) writeTags(writer, tags, value)
  }
}

function writeTags (writer: Writer, tags: Step[], value: Record<string, unknown>): void {
  if (tags.length === 0) return writer.int8(0)
  const present = tags.filter(({ name, type }) =>
    value[name] !== undefined && !isDefault(type, value[name]))
  writer.unsignedVarint(present.length)
  for (const { name, write, type } of present) {
    writer.unsignedVarint(type.tag as number)
    const mark = writer.beginSized()
    write(writer, value[name])
    writer.endSized(mark)
  }
}

/** Tagged fields at their default stay off the wire (KIP-482). */
export function isDefault (type: AnyType, value: any): boolean {
  if (value === null) return type.default === null
  if (type.kind === 'struct') {
    if (type.default === null) return false
    return Object.entries(type.fields as Fields)
      .every(([name, field]) => value[name] === undefined || isDefault(field, value[name]))
  }
  const otherwise = defaultOf(type)
  if (type.kind === 'array') return otherwise !== null && value.length === 0
  if (type.kind === 'bytes' || type.kind === 'records') return otherwise !== null && value.length === 0
  return value === otherwise
}
