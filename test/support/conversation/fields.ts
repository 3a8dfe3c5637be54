/** Messages as people write them: JSON in which bytes are text and record batches are fields. */
import { defaultOf, inVersion, nullableAt } from '../../../protocol/codec-read.ts'
import { fromJson, toJson } from '../../../protocol/json.ts'
import type { Json } from '../../../protocol/json.ts'
import type { AnyType, Fields, Message } from '../../../protocol/types.ts'
import { batchesFromJson, batchesToJson } from './batches.ts'
import { bytesFromText, bytesToText } from './text-bytes.ts'

/** A message to write. Fields that are left out have Kafka's default, or that of their kind. */
export function toMessage (message: Message, version: number, json: Json): any {
  return fromJson(message, version, structToBase64(message.fields, version, json))
}

/** A message that was read. */
export function toReadable (message: Message, version: number, value: any): Json {
  return structToReadable(message.fields, toJson(message, version, value))
}

function structToBase64 (fields: Fields, version: number, json: any): Json {
  const given: Record<string, Json> = { ...json }
  for (const [name, type] of Object.entries(fields)) {
    if (!inVersion(type, version)) continue
    if (given[name] !== undefined) given[name] = toBase64(type, version, given[name])
    else if (type.tag === undefined) given[name] = otherwise(type, version)
  }
  return given
}

function toBase64 (type: AnyType, version: number, json: any): Json {
  if (json === null) return null
  switch (type.kind) {
    case 'bytes': return bytesFromText(json).toString('base64')
    case 'records': return batchesFromJson(json).toString('base64')
    case 'array': return json.map((each: Json) => toBase64(type.element as AnyType, version, each))
    case 'struct': return structToBase64(type.fields as Fields, version, json)
    default: return json
  }
}

function otherwise (type: AnyType, version: number): Json {
  if (type.kind === 'struct') return structToBase64(type.fields as Fields, version, {})
  const value = defaultOf(type)
  if (value === null && !nullableAt(type, version)) return type.kind === 'array' ? [] : ''
  if (value === null || type.kind === 'array') return value === null ? null : []
  return type.kind === 'bytes' || type.kind === 'records' ? '' : type.kind === 'int64' ? String(value) : value as Json
}

function structToReadable (fields: Fields, json: any): Json {
  return Object.fromEntries(Object.entries(json as Record<string, Json>).map(([name, value]) =>
    [name, toText(fields[name] as AnyType, value)]))
}

function toText (type: AnyType, json: any): Json {
  if (json === null) return null
  switch (type.kind) {
    case 'bytes': return bytesToText(Buffer.from(json, 'base64'))
    case 'records': return batchesToJson(Buffer.from(json, 'base64'))
    case 'array': return json.map((each: Json) => toText(type.element as AnyType, each))
    case 'struct': return structToReadable(type.fields as Fields, json)
    default: return json
  }
}
