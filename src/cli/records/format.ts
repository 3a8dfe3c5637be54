/** A record as a line: by a format of placeholders, or as JSON. */
import { isUtf8 } from 'node:buffer'
import type { ReadRecord } from './reader.ts'
import { UsageError } from '../error.ts'
import { jsonOf } from '../output.ts'
import type { Value } from '../output.ts'

export type Formatter = (topic: string, read: ReadRecord) => string

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', '\\': '\\' }

const FIELDS: Readonly<Record<string, Formatter>> = {
  t: topic => topic,
  p: (_, { partition }) => String(partition),
  o: (_, { record }) => String(record.offset),
  T: (_, { record }) => String(record.timestamp),
  k: (_, { record }) => textOf(record.key),
  v: (_, { record }) => textOf(record.value),
  h: (_, { record }) => record.headers.map(({ key, value }) => `${key}=${textOf(value)}`).join(','),
  '%': () => '%',
}

/** Throws UsageError for a placeholder that there is not. */
export function formatter (format: string): Formatter {
  const parts = [...format.matchAll(/%(.?)|\\(.?)|[^%\\]+/gs)].map(([whole, field, escape]): string | Formatter => {
    if (field !== undefined) {
      const found = FIELDS[field]
      if (found === undefined) throw new UsageError(`--format ${whole}: there are ${Object.keys(FIELDS).map(name => `%${name}`).join(' ')}`)
      return found
    }
    return escape === undefined ? whole : ESCAPES[escape] ?? whole
  })
  return (topic, read) => parts.map(part => typeof part === 'string' ? part : part(topic, read)).join('')
}

/** As Kafka's console consumer prints them. */
function textOf (bytes: Buffer | null): string { return bytes === null ? 'null' : bytes.toString() }

export const jsonFormatter: Formatter = (topic, { partition, record: { offset, timestamp, key, value, headers } }) => `${jsonOf({
  topic,
  partition,
  offset,
  timestamp,
  key: bytesValue(key),
  value: bytesValue(value),
  headers: headers.map(header => ({ key: header.key, value: bytesValue(header.value) })),
})}\n`

/** Text where it is text; what is none is not made into some. */
export function bytesValue (bytes: Buffer | null): Value {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}
