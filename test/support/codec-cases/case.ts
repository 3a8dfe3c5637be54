/** A compressed payload that a producer may send, and what it is to show. */
import type { Codec } from '../../../protocol/records/attributes.ts'
import { HEADER_SIZE } from '../../../protocol/records/header.ts'
import { writeBatch } from '../../../protocol/records/write.ts'

export interface CodecCase {
  /** Unique within its codec and magic. */
  readonly shows: string
  readonly codec: Exclude<Codec, 'none'>
  /** 0 and 1: only whether the stream is read to its end. */
  readonly magic: 0 | 1 | 2
  readonly payload: Buffer
  /** The error code of ours where it deliberately differs from Kafka's. */
  readonly ours?: { readonly errorCode: number, readonly because: string }
}

/** A case with Kafka's verdict, as test/golden/codec-verdicts.jsonl has it. */
export interface CodecVerdict extends Pick<CodecCase, 'shows' | 'codec' | 'magic'> {
  /** 0: accepted. */
  readonly kafka: number
  /** Of a payload that is not large. */
  readonly hex?: string
}

/** The bytes of a batch's one record, uncompressed: about `bytes` long, all alike. */
export function record (bytes = 20): Buffer {
  const records = [{ timestamp: 1_700_000_000_000n, key: null, value: Buffer.alloc(bytes, 'x') }]
  return writeBatch(records).subarray(HEADER_SIZE)
}

export function le (value: number | bigint, bytes: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return buffer.subarray(0, bytes)
}
