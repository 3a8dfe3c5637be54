/**
 * The records of a compressed batch, as windows. R-X6: at most `limitBytes` come out of one batch,
 * whatever its lengths claim; a window is valid only until the next is asked for.
 */
import type { Codec } from './attributes.ts'
import { gathered, withBreaths } from './breath.ts'
import { RecordError } from './error.ts'
import { gunzip, gunzipAsync, gzipClaimedBytes } from './gzip.ts'
import { lz4ClaimedBytes, unlz4 } from './lz4.ts'
import { unsnappy } from './snappy.ts'
import { unzstd, unzstdAsync, zstdClaimedBytes, zstdIsThreaded } from './zstd.ts'

/** R-X6: what one batch may decompress to. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024
/** R-X6: payloads above this are decompressed off the event loop. */
export const INLINE_BYTES_MAX = 64 * 1024
/** What a payload may claim to decompress to and still be decompressed on the event loop. */
const CLAIM_BYTES_MAX = 1024 * 1024
/** What comes out of one that is not large: more than snappy can make of it, or the claim lies. */
export const INLINE_LIMIT_BYTES = 2 * 1024 * 1024
/** Uncompressed records up to this size are walked over at once. */
const PLAIN_BYTES_MAX = 4 * 1024 * 1024

export interface Payload {
  codec: Codec
  bytes: Buffer
  magic: number
  limitBytes: number
}

/** Whether a payload is to be walked over off the event loop: by its size, or what it claims. */
export function isLargePayload (codec: Codec, bytes: Buffer): boolean {
  if (codec === 'none') return bytes.length > PLAIN_BYTES_MAX
  return bytes.length > INLINE_BYTES_MAX || claimedBytes(codec, bytes) > CLAIM_BYTES_MAX
}

/** An upper bound, but for gzip, where the trailer may lie. */
function claimedBytes (codec: Codec, bytes: Buffer): number {
  switch (codec) {
    case 'gzip': return gzipClaimedBytes(bytes)
    case 'lz4': return lz4ClaimedBytes(bytes, true)
    case 'zstd': return zstdClaimedBytes(bytes)
    default: return 0
  }
}

/** Windows of the decompressed payload. Throws KafkaException for a stream that is broken. */
export function windowsOf ({ codec, bytes, magic, limitBytes }: Payload): Iterable<Uint8Array> {
  switch (codec) {
    case 'none': return [bytes]
    case 'gzip': return gunzip(bytes, limitBytes)
    case 'snappy': return unsnappy(bytes, limitBytes)
    // Producers of magic 0 computed the frame's header checksum wrongly, so nobody checks it.
    case 'lz4': return unlz4(bytes, limitBytes, magic === 0)
    case 'zstd': return unzstd(bytes, limitBytes)
  }
}

/**
 * The same off the event loop, or with breaths where the codec runs on it. A thread may still read
 * the payload when its windows are not wanted any more, so it gets bytes that nobody frees or uses
 * again.
 */
export function windowsOfAsync (payload: Payload): AsyncIterable<Uint8Array> {
  if (payload.codec === 'gzip') return gunzipAsync(Buffer.from(payload.bytes), payload.limitBytes)
  if (payload.codec === 'zstd' && zstdIsThreaded) {
    return unzstdAsync(Buffer.from(payload.bytes), payload.limitBytes)
  }
  return withBreaths(windowsOf(payload))
}

/** What a payload decompresses to before it breaks, if it does. */
export interface Decompressed { bytes: Buffer, failure: RecordError | undefined }

/**
 * The whole decompressed payload, for those who keep its records. Like a reader of Kafka's stream
 * one may find the records wrong before the stream is: its failure comes with what it gave.
 */
export function decompressedUntilFailure (payload: Payload): Decompressed {
  if (payload.codec === 'none') return { bytes: payload.bytes, failure: undefined }
  const chunks: Buffer[] = []
  let failure: RecordError | undefined
  try {
    // Windows are used again by their codec, so each is copied; one-window codecs pay one copy.
    for (const window of windowsOf(payload)) chunks.push(Buffer.from(window))
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    failure = error
  }
  return { bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), failure }
}

/** The whole decompressed payload. Throws KafkaException for a stream that is broken. */
export function decompressed (payload: Payload): Buffer {
  const { bytes, failure } = decompressedUntilFailure(payload)
  if (failure !== undefined) throw failure
  return bytes
}

/** The same off the event loop. */
export async function decompressedAsync (payload: Payload): Promise<Buffer> {
  return payload.codec === 'none' ? payload.bytes : await gathered(windowsOfAsync(payload))
}
