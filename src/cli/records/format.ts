/** A record as a line: by a format of placeholders, or as JSON. */
import { isUtf8 } from 'node:buffer'
import type { ReadRecord } from './reader.ts'
import { UsageError } from '../error.ts'
import { jsonOf } from '../output.ts'
import type { Value } from '../output.ts'

/** The bytes to print: what a record holds need not be text. */
export type Formatter = (topic: string, read: ReadRecord) => Buffer

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', '\\': '\\' }

const FIELDS: Readonly<Record<string, Formatter>> = {
  t: topic => Buffer.from(topic),
  p: (_, { partition }) => Buffer.from(String(partition)),
  o: (_, { record }) => Buffer.from(String(record.offset)),
  T: (_, { record }) => Buffer.from(String(record.timestamp)),
  k: (_, { record }) => bytesOf(record.key),
  v: (_, { record }) => bytesOf(record.value),
  h: (_, { record }) => Buffer.concat(record.headers.flatMap(({ key, value }, index) =>
    [Buffer.from(index === 0 ? `${key}=` : `,${key}=`), bytesOf(value)])),
  '%': () => Buffer.from('%'),
}

/** Throws UsageError for a placeholder that there is not. */
export function formatter (format: string): Formatter {
  const parts = [...format.matchAll(/%(.?)|\\(.?)|[^%\\]+/gsu)].map(([whole, field, escape]): Buffer | Formatter => {
    if (field !== undefined) {
      const found = FIELDS[field]
      if (found === undefined) throw new UsageError(`--format ${whole}: there are ${Object.keys(FIELDS).map(name => `%${name}`).join(' ')}`)
      return found
    }
    return Buffer.from(escape === undefined ? whole : ESCAPES[escape] ?? whole)
  })
  return (topic, read) => Buffer.concat(parts.map(part => typeof part === 'function' ? part(topic, read) : part))
}

const NULL = Buffer.from('null')

/** As Kafka's console consumer prints them. */
function bytesOf (bytes: Buffer | null): Buffer { return bytes ?? NULL }

export const jsonFormatter: Formatter = (topic, { partition, record: { offset, timestamp, key, value, headers } }) => Buffer.from(`${jsonOf({
  topic,
  partition,
  offset,
  timestamp,
  key: bytesValue(key),
  value: bytesValue(value),
  headers: headers.map(header => ({ key: header.key, value: bytesValue(header.value) })),
})}\n`)

/** Text where it is text; what is none is not made into some. */
export function bytesValue (bytes: Buffer | null): Value {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}
