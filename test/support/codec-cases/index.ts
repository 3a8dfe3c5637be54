/**
 * Payloads for which it matters what Kafka's own decoders accept: its verdicts are in test/golden.
 */
import type { CodecCase } from './case.ts'
import { gzipCases } from './gzip.ts'
import { lz4Cases } from './lz4.ts'
import { snappyCases } from './snappy.ts'
import { zstdCases } from './zstd.ts'

export type { CodecCase, CodecVerdict } from './case.ts'

export function codecCases (): CodecCase[] {
  return [...gzipCases(), ...snappyCases(), ...lz4Cases(), ...zstdCases()]
}
