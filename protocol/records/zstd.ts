/**
 * zstd for record batches: node's own where it has it (22.15 and later), else WebAssembly.
 * Frames are walked first, block by block: what they can grow to decides the allocation, never
 * the size that their header claims.
 */
import zlib from 'node:zlib'
import { decompressesTooLarge, RecordError, undecompressable } from './error.ts'

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_BYTES_MAX = 128 * 1024
const WINDOW_BYTES = 64 * 1024
const FRAMES_MAX = 1_000
/** Without node's own zstd the loop waits for the decompression, so less is allowed. */
const WASM_LIMIT_BYTES = 64 * 1024 * 1024

/** The part of newer node's zlib that the types of node 20 lack. */
interface NativeZstd {
  zstdDecompressSync (bytes: Uint8Array, options: { maxOutputLength: number }): Buffer
  zstdCompressSync (bytes: Uint8Array, options: { params: Record<number, number> }): Buffer
  zstdCompress (
    bytes: Uint8Array, options: { params: Record<number, number>, pledgedSrcSize: number },
    done: (error: Error | null, packed: Buffer) => void,
  ): void
  createZstdDecompress (options: { chunkSize: number }):
    { end (bytes: Uint8Array): void, destroy (): void } & AsyncIterable<Buffer>
  constants: { ZSTD_c_compressionLevel: number }
}

interface WasmZstd {
  init (): Promise<void>
  compress (bytes: Uint8Array, level: number): Uint8Array
  decompress (bytes: Uint8Array, options: { defaultHeapSize: number }): Uint8Array
}

const native = 'zstdDecompressSync' in zlib ? zlib as unknown as NativeZstd : undefined
const wasm = native === undefined ? await loadWasm() : undefined

async function loadWasm (): Promise<WasmZstd> {
  const module = await import('@bokuweb/zstd-wasm') as unknown as { default: WasmZstd }
  await module.default.init()
  return module.default
}

/** Whether zstd runs in a thread of its own here. */
export const zstdIsThreaded = native !== undefined

interface Frame { start: number, end: number, sizeMax: number }

/** Reads a little-endian number of 0 to 8 bytes. */
function numberAt (bytes: Buffer, position: number, length: number): number {
  if (length === 0) return 0
  if (position + length > bytes.length) throw broken('a frame header is cut')
  return length === 8
    ? Number(bytes.readBigUInt64LE(position))
    : bytes.readUIntLE(position, length)
}

/** The frames of the payload, each with what it can grow to; skippable ones are left out. */
function framesOf (bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  let position = 0
  let count = 0
  while (position < bytes.length) {
    if (++count > FRAMES_MAX) throw broken('too many frames')
    const magic = numberAt(bytes, position, 4)
    if ((magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + numberAt(bytes, position + 4, 4)
      if (position > bytes.length) throw broken('a frame is cut')
      continue
    }
    if (magic !== FRAME_MAGIC) throw broken('not a zstd frame')
    const frame = frameAt(bytes, position)
    frames.push(frame)
    position = frame.end
  }
  return frames
}

function frameAt (bytes: Buffer, start: number): Frame {
  const descriptor = numberAt(bytes, start + 4, 1)
  const single = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  let position = start + 5 + (single ? 0 : 1) + dictionaryBytes
  const claimed = numberAt(bytes, position, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
  position += sizeBytes
  let sizeMax = 0
  for (let last = false; !last;) {
    const header = numberAt(bytes, position, 3)
    const length = header >>> 3
    const type = (header >>> 1) & 3
    last = (header & 1) === 1
    if (type === 3) throw broken('unknown block type')
    if (length > BLOCK_BYTES_MAX) throw broken('a block is too large')
    sizeMax += type === 2 ? BLOCK_BYTES_MAX : length
    position += 3 + (type === 1 ? 1 : length)
    if (position > bytes.length) throw broken('a block is cut')
  }
  if ((descriptor & 4) !== 0) position += 4
  if (position > bytes.length) throw broken('the checksum is cut')
  if (sizeBytes > 0 && claimed > sizeMax) throw broken('a size that cannot be')
  return { start, end: position, sizeMax }
}

/** What the frames can grow to at most; 0 for bytes that are no frames. */
export function zstdClaimedBytes (bytes: Buffer): number {
  try {
    return framesOf(bytes).reduce((sum, { sizeMax }) => sum + sizeMax, 0)
  } catch { return 0 }
}

/** Decompresses frame after frame; throws when they take more than `limitBytes`. */
export function * unzstd (bytes: Buffer, limitBytes: number): Generator<Uint8Array> {
  let total = 0
  for (const { start, end, sizeMax } of framesOf(bytes)) {
    const output = decompressFrame(bytes.subarray(start, end), sizeMax, limitBytes - total)
    total += output.length
    if (output.length > 0) yield output
  }
}

function decompressFrame (frame: Buffer, sizeMax: number, limitBytes: number): Uint8Array {
  try {
    if (native !== undefined) {
      return native.zstdDecompressSync(frame, { maxOutputLength: Math.max(limitBytes, 1) })
    }
    // The last block counts as full in `sizeMax`, hence the block of tolerance.
    const roomBytes = Math.min(limitBytes, WASM_LIMIT_BYTES)
    if (sizeMax - BLOCK_BYTES_MAX > roomBytes) throw tooLong()
    const output = wasm!.decompress(frame, { defaultHeapSize: Math.max(sizeMax, 1) })
    if (output.length > roomBytes) throw tooLong()
    return output
  } catch (error) { throw translated(error) }
}

/** Decompresses in windows, in node's own threads; only where `zstdIsThreaded`. */
export async function * unzstdAsync (
  bytes: Buffer, limitBytes: number,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for (const { start, end } of framesOf(bytes)) {
    const stream = native!.createZstdDecompress({ chunkSize: WINDOW_BYTES })
    try {
      stream.end(bytes.subarray(start, end))
      for await (const window of stream) {
        total += window.length
        if (total > limitBytes) throw tooLong()
        yield window
      }
    } catch (error) { throw translated(error) } finally { stream.destroy() }
  }
}

/** Compresses as one frame with zstd's levels -131072 to 22. */
export function zstd (bytes: Uint8Array, level: number): Buffer {
  if (native !== undefined) {
    const params = { [native.constants.ZSTD_c_compressionLevel]: level }
    return native.zstdCompressSync(bytes, { params })
  }
  const output = wasm!.compress(bytes, level)
  return Buffer.from(output.buffer, output.byteOffset, output.byteLength)
}

/**
 * The same in node's own threads, where it has zstd. The size is pledged, as the frame names it
 * only then, and some decoders of clients refuse a frame without it.
 */
export async function zstdAsync (bytes: Uint8Array, level: number): Promise<Buffer> {
  if (native === undefined) return zstd(bytes, level)
  const params = { [native.constants.ZSTD_c_compressionLevel]: level }
  const options = { params, pledgedSrcSize: bytes.length }
  return await new Promise((resolve, reject) => {
    native.zstdCompress(bytes, options, (error, packed) => {
      if (error === null) resolve(packed)
      else reject(error)
    })
  })
}

function broken (reason: string): RecordError { return undecompressable('zstd', reason) }

function tooLong (): RecordError { return decompressesTooLarge('zstd') }

function translated (error: unknown): RecordError {
  if (error instanceof RecordError) return error
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ERR_BUFFER_TOO_LARGE' ? tooLong() : broken((error as Error).message)
}
