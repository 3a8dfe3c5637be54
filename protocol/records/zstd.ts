/**
 * zstd for record batches: node's own where it has it (22.15 and later), else WebAssembly.
 * Frames are walked first, block by block: what they can grow to decides the allocation, never
 * the size that their header claims.
 */
import zlib from 'node:zlib'
import { decompressesTooLarge, RecordError, undecompressable } from './error.ts'
import { wasmZstd } from './zstd-wasm.ts'

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_BYTES_MAX = 128 * 1024
const WINDOW_BYTES = 64 * 1024
const FRAMES_MAX = 1_000
/** Java's decoder takes no larger window, and consumers would not read what has one. */
const WINDOW_BYTES_MAX = 2 ** 27
/** Java's reader takes the payload in pieces of this size. */
const PIECE_BYTES = BLOCK_BYTES_MAX + 3
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

const native = 'zstdDecompressSync' in zlib ? zlib as unknown as NativeZstd : undefined

/** Whether zstd runs in a thread of its own here. */
export const zstdIsThreaded = native !== undefined

interface Frame {
  start: number
  end: number
  sizeMax: number
  windowBytes: number
  /** Where compressed blocks of no bytes have their headers. */
  empties: number[]
  /** Of a frame that the payload's end cuts: where its blocks and the last of them start. */
  cut: { blocks: number, last: number } | undefined
}

/** The payload ends inside a frame. */
class CutFrame extends RecordError {
  constructor (what: string) {
    super('KafkaException', broken(`${what} is cut`).message)
  }
}

/** Reads a little-endian number of 0 to 8 bytes. */
function numberAt (bytes: Buffer, position: number, length: number): number {
  if (length === 0) return 0
  if (position + length > bytes.length) throw new CutFrame('a frame header')
  return length === 8
    ? Number(bytes.readBigUInt64LE(position))
    : bytes.readUIntLE(position, length)
}

/**
 * The frames of the payload, each with what it can grow to; skippable ones are left out. A cut one
 * is no fault of a stream in which Java's reader has seen the end of another since it took its last
 * piece: it gives what it has of the cut one, and takes that for the end of all.
 */
function framesOf (bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  const lastPiece = bytes.length - 1 - (bytes.length - 1) % PIECE_BYTES
  let position = 0
  let count = 0
  try {
    while (position < bytes.length) {
      if (++count > FRAMES_MAX) throw broken('too many frames')
      const end = skippableEnd(bytes, position)
      if (end !== undefined) {
        position = end
        continue
      }
      const frame = frameAt(bytes, position)
      frames.push(frame)
      if (frame.cut !== undefined) throw new CutFrame('a frame')
      position = frame.end
    }
  } catch (error) {
    if (!(error instanceof CutFrame) || position <= lastPiece) throw error
  }
  return frames
}

/** The end of the skippable frame at `position`, undefined for a frame with content. */
function skippableEnd (bytes: Buffer, position: number): number | undefined {
  const first = numberAt(bytes, position, 1)
  const isSkippable = (first & ~0xf) === (SKIPPABLE_MAGIC & 0xff)
  const magic = isSkippable ? SKIPPABLE_MAGIC | (first & 0xf) : FRAME_MAGIC
  for (let at = 0; at < 4; at += 1) {
    // A magic that is cut must be right as far as it goes.
    if (numberAt(bytes, position + at, 1) !== ((magic >>> (8 * at)) & 0xff)) throw broken('not a zstd frame')
  }
  if (!isSkippable) return undefined
  const end = position + 8 + numberAt(bytes, position + 4, 4)
  if (end > bytes.length) throw new CutFrame('a frame')
  return end
}

interface FrameHeader {
  /** Where the blocks start. */
  blocks: number
  windowBytes: number
  hasChecksum: boolean
  /** Of the content, if the header names it. */
  claimed: number | undefined
}

function headerAt (bytes: Buffer, start: number): FrameHeader {
  const descriptor = numberAt(bytes, start + 4, 1)
  const single = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  const sizeAt = start + 5 + (single ? 0 : 1) + dictionaryBytes
  const size = numberAt(bytes, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
  const windowed = single ? 0 : numberAt(bytes, start + 5, 1)
  const windowBytes = single ? size : 2 ** (10 + (windowed >>> 3)) * (1 + (windowed & 7) / 8)
  if (windowBytes > WINDOW_BYTES_MAX) throw broken('its window takes too much memory')
  return {
    blocks: sizeAt + sizeBytes,
    windowBytes,
    hasChecksum: (descriptor & 4) !== 0,
    claimed: sizeBytes === 0 || size >= 2 ** 64 ? undefined : size,
  }
}

function frameAt (bytes: Buffer, start: number): Frame {
  const { blocks, windowBytes, hasChecksum, claimed } = headerAt(bytes, start)
  const blockBytesMax = Math.min(windowBytes, BLOCK_BYTES_MAX)
  const empties: number[] = []
  let position = blocks
  let block = blocks
  let sizeMax = 0
  const cut = (end: number): Frame =>
    ({ start, end: Math.min(end,
      bytes.length), sizeMax, windowBytes, empties, cut: { blocks, last: block } })
  for (let last = false; !last;) {
    if (position + 3 > bytes.length) return cut(position)
    const header = bytes.readUIntLE(position, 3)
    const length = header >>> 3
    const type = (header >>> 1) & 3
    last = (header & 1) === 1
    if (type === 3) throw broken('unknown block type')
    if (length > blockBytesMax) throw broken('a block is too large')
    const end = position + 3 + (type === 1 ? 1 : length)
    // Of a plain block as much is given as there is, of others nothing.
    if (end > bytes.length && type !== 0) return cut(position)
    block = position
    if (type === 2 && length === 0) empties.push(position)
    else sizeMax += type === 2 ? BLOCK_BYTES_MAX : length
    if (end > bytes.length) return cut(end)
    position = end
  }
  if (hasChecksum && position + 4 > bytes.length) return cut(position)
  if (claimed !== undefined && claimed > sizeMax) throw broken('a size that cannot be')
  return {
    start, end: position + (hasChecksum ? 4 : 0), sizeMax, windowBytes, empties, cut: undefined,
  }
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
  for (const frame of framesOf(bytes)) {
    const output = decompressFrame(frameBytes(bytes, frame), frame.sizeMax, limitBytes - total)
    total += output.length
    if (output.length > 0) yield output
  }
}

/** The frame's bytes, so that every decoder makes of them what Java's does. */
function frameBytes (bytes: Buffer, { start, end, windowBytes, empties, cut }: Frame): Buffer {
  if (empties.length === 0 && cut === undefined) return bytes.subarray(start, end)
  const copy = Buffer.from(bytes.subarray(start, end))
  // Compressed blocks of no bytes are nothing to Java's decoder, and an error to others: here they
  // are plain.
  for (const position of empties) copy[position - start]! &= 1
  if (cut === undefined) return copy
  const blocks = copy.subarray(cut.blocks - start)
  if (blocks.length === 0) return wholeFrame(windowBytes, EMPTY_BLOCK)
  const last = cut.last - cut.blocks
  const header = blocks.readUIntLE(last, 3)
  const isPlain = ((header >>> 1) & 3) === 0
  blocks.writeUIntLE((isPlain ? (blocks.length - last - 3) << 3 : header) | 1, last, 3)
  return wholeFrame(windowBytes, blocks)
}

const EMPTY_BLOCK = Buffer.from([1, 0, 0])

/** A frame of these blocks whose header promises nothing. */
function wholeFrame (windowBytes: number, blocks: Buffer): Buffer {
  const windowLog = Math.max(10, Math.ceil(Math.log2(windowBytes)))
  const header = Buffer.alloc(6)
  header.writeUInt32LE(FRAME_MAGIC)
  header[5] = (windowLog - 10) << 3
  return Buffer.concat([header, blocks])
}

function decompressFrame (frame: Buffer, sizeMax: number, limitBytes: number): Uint8Array {
  const wasm = native === undefined ? wasmZstd() : undefined
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
  for (const frame of framesOf(bytes)) {
    const stream = native!.createZstdDecompress({ chunkSize: WINDOW_BYTES })
    try {
      stream.end(frameBytes(bytes, frame))
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
  const output = wasmZstd().compress(bytes, level)
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
