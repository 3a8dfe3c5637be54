/**
 * Messages as JSON, in the form of Kafka's own converters: int64 as decimal text, bytes in base64,
 * fields outside the version and tagged fields at their default left out.
 */
import { inVersion, nullableAt } from './codec-read.ts'
import { isDefault } from './codec-write.ts'
import type { AnyType, Fields, Message } from './types.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

export function toJson (message: Message, version: number, value: any): Json {
  return structToJson(message.fields, version, value)
}

export function fromJson (message: Message, version: number, json: Json): any {
  return structFromJson(message.fields, version, json)
}

function structToJson (fields: Fields, version: number, value: any): Json {
  const json: { [name: string]: Json } = {}
  for (const [name, type] of Object.entries(fields)) {
    if (!inVersion(type, version)) continue
    if (type.tag !== undefined && isDefault(type, value[name])) continue
    json[name] = valueToJson(type, version, value[name])
  }
  return json
}

function valueToJson (type: AnyType, version: number, value: any): Json {
  if (value === null) return null
  switch (type.kind) {
    case 'int64': return String(value)
    case 'bytes': case 'records': return Buffer.from(value).toString('base64')
    case 'array': return value.map((each: unknown) => valueToJson(type.element as AnyType, version, each))
    case 'struct': return structToJson(type.fields as Fields, version, value)
    default: return value
  }
}

function structFromJson (fields: Fields, version: number, json: any): any {
  const value: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(fields)) {
    if (!inVersion(type, version) || json[name] === undefined) continue
    value[name] = valueFromJson(type, version, json[name])
  }
  for (const name of Object.keys(json)) {
    if (!(name in fields)) throw new TypeError(`no field ${name}; there are ${Object.keys(fields).join(', ')}`)
  }
  return value
}

function valueFromJson (type: AnyType, version: number, json: any): any {
  if (json === null) {
    if (!nullableAt(type, version)) throw new TypeError(`null for a ${type.kind} that may not be null`)
    return null
  }
  switch (type.kind) {
    case 'int64': return BigInt(json)
    case 'bytes': case 'records': return Buffer.from(json, 'base64')
    case 'array': return json.map((each: unknown) => valueFromJson(type.element as AnyType, version, each))
    case 'struct': return structFromJson(type.fields as Fields, version, json)
    default: return json
  }
}
