/** The attribute bits of a batch, and the codecs that they name. */
import { RecordError } from './error.ts'

export const attribute = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const

/** Every bit that means something in magic 2: the rest is dropped when a batch is rewritten. */
export const KNOWN_ATTRIBUTES = 0x7f

/** Codecs by their number in the attributes. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = typeof codecs[number]

export type TimestampType = 'CreateTime' | 'LogAppendTime'

export const NO_TIMESTAMP = -1n
export const NO_PRODUCER_ID = -1n

/** The codec that the attributes name. Throws for 5 to 7, as Kafka does (D5.17). */
export function codecOf (attributes: number): Codec {
  const codec = codecs[attributes & attribute.codec]
  if (codec !== undefined) return codec
  throw new RecordError('IllegalArgumentException',
    `Unknown compression type id: ${attributes & attribute.codec}`)
}

export function timestampTypeOf (attributes: number): TimestampType {
  return (attributes & attribute.logAppendTime) !== 0 ? 'LogAppendTime' : 'CreateTime'
}
