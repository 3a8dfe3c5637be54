/**
 * gzip for record batches, as Java's GZIPInputStream reads it. The header is read here and the
 * deflate stream by zlib's raw inflate, because the checksum comes last: records before it count,
 * as they do for Kafka's reader.
 */
import zlib from 'node:zlib'
import { crc32 } from './checksum.ts'
import { decompressesTooLarge, RecordError, undecompressable } from './error.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const WINDOW_BYTES = 64 * 1024
/** Java reads one member after another; more than this many is an attack on the processor. */
const MEMBERS_MAX = 1_000
/** Kafka gives Java's inflater pieces of this size. */
const PIECE_BYTES = 8 * 1024
/**
 * What Java takes for another member has more than this behind the stream of the last, if its piece
 * is the last.
 */
const MEMBER_BYTES_MIN = TRAILER_BYTES + HEADER_BYTES + TRAILER_BYTES

/** Of the reserved flags Java knows nothing. */
const flag = { headerChecksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10 }

/** Where the deflate stream of the gzip member at `start` begins. */
function deflateStart (bytes: Buffer, start: number): number {
  if (bytes.length - start < HEADER_BYTES) throw broken('the header is cut')
  if (bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b) throw broken('not in gzip format')
  if (bytes[start + 2] !== 8) throw broken('unsupported compression method')
  const flags = bytes[start + 3]!
  let position = start + HEADER_BYTES
  if ((flags & flag.extra) !== 0) {
    if (position + 2 > bytes.length) throw broken('the header is cut')
    position += 2 + bytes.readUInt16LE(position)
  }
  if ((flags & flag.name) !== 0) position = afterZero(bytes, position)
  if ((flags & flag.comment) !== 0) position = afterZero(bytes, position)
  if ((flags & flag.headerChecksum) !== 0) {
    if (position + 2 > bytes.length) throw broken('the header is cut')
    const checksum = crc32(bytes, start, position) & 0xffff
    if (bytes.readUInt16LE(position) !== checksum) throw broken('wrong header checksum')
    position += 2
  }
  if (position > bytes.length) throw broken('the header is cut')
  return position
}

function afterZero (bytes: Buffer, position: number): number {
  const zero = bytes.indexOf(0, position)
  if (zero === -1) throw broken('the header is cut')
  return zero + 1
}

/** Where Java's inflater is in the payload. */
interface Place {
  /** Where the deflate stream of a member starts. */
  start: number
  /** The end of the pieces that it has taken by then. */
  taken: number
}

/**
 * The member behind the deflate stream that ends at `end`, if Java sees one: it does not look at a
 * few last bytes, and takes what has no right header for no member.
 */
function nextMember (
  bytes: Buffer, { taken }: Place, end: number, members: number
): Place | undefined {
  const pieces = Math.max(0, Math.ceil((end - taken) / PIECE_BYTES))
  const pieceEnd = Math.min(bytes.length, taken + pieces * PIECE_BYTES)
  if (pieceEnd === bytes.length && pieceEnd - end <= MEMBER_BYTES_MIN) return undefined
  let start: number
  try {
    start = deflateStart(bytes, end + TRAILER_BYTES)
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return undefined
  }
  if (members >= MEMBERS_MAX) throw broken('too many members')
  return { start, taken: Math.max(pieceEnd, start) }
}

/** Checks the 8 bytes after the deflate stream. */
function checkTrailer (bytes: Buffer, position: number, checksum: number, size: number): void {
  if (position + TRAILER_BYTES > bytes.length) throw broken('unexpected end of the stream')
  if (bytes.readUInt32LE(position) !== checksum) throw broken('corrupt trailer: wrong checksum')
  if (bytes.readUInt32LE(position + 4) !== size >>> 0) throw broken('corrupt trailer: wrong size')
}

/** The first member must be one. */
function firstMember (bytes: Buffer): Place {
  const start = deflateStart(bytes, 0)
  return { start, taken: start }
}

/** The size in the last member's trailer. */
export function gzipClaimedBytes (bytes: Buffer): number {
  return bytes.length < TRAILER_BYTES ? 0 : bytes.readUInt32LE(bytes.length - 4)
}

/** Decompresses in one go; throws when the records take more than `limitBytes`. */
export function * gunzip (bytes: Buffer, limitBytes: number): Generator<Uint8Array> {
  let total = 0
  let place: Place | undefined = firstMember(bytes)
  for (let members = 1; place !== undefined; members += 1) {
    const { output, consumed } = inflate(bytes.subarray(place.start), limitBytes - total)
    total += output.length
    if (output.length > 0) yield output
    const end: number = place.start + consumed
    checkTrailer(bytes, end, crc32(output), output.length)
    place = nextMember(bytes, place, end, members)
  }
}

interface Inflated { output: Buffer, consumed: number }

function inflate (bytes: Buffer, limitBytes: number): Inflated {
  try {
    // A cut stream gives what it has; the trailer that is missing then tells.
    const { buffer, engine } = zlib.inflateRawSync(bytes, {
      info: true,
      maxOutputLength: Math.max(limitBytes, 1),
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    }) as unknown as { buffer: Buffer, engine: { bytesWritten: number } }
    if (buffer.length > limitBytes) throw tooLong()
    return { output: buffer, consumed: engine.bytesWritten }
  } catch (error) { throw translated(error) }
}

/** Decompresses in windows, in zlib's own threads. */
export async function * gunzipAsync (
  bytes: Buffer, limitBytes: number,
): AsyncGenerator<Uint8Array> {
  let total = 0
  let place: Place | undefined = firstMember(bytes)
  for (let members = 1; place !== undefined; members += 1) {
    const stream = zlib.createInflateRaw({
      chunkSize: WINDOW_BYTES, finishFlush: zlib.constants.Z_SYNC_FLUSH,
    })
    let checksum = 0
    let size = 0
    try {
      stream.end(bytes.subarray(place.start))
      for await (const window of stream as AsyncIterable<Buffer>) {
        size += window.length
        if (total + size > limitBytes) throw tooLong()
        checksum = crc32(window, 0, window.length, checksum)
        yield window
      }
    } catch (error) { throw translated(error) } finally { stream.destroy() }
    total += size
    const end: number = place.start + stream.bytesWritten
    checkTrailer(bytes, end, checksum, size)
    place = nextMember(bytes, place, end, members)
  }
}

/** Compresses with zlib's levels 1 to 9, -1 for its default. */
export function gzip (bytes: Uint8Array, level: number): Buffer {
  return zlib.gzipSync(bytes, { level })
}

/** The same in zlib's own threads. */
export async function gzipAsync (bytes: Uint8Array, level: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    zlib.gzip(bytes, { level }, (error, packed) => {
      if (error === null) resolve(packed)
      else reject(error)
    })
  })
}

function broken (reason: string): RecordError { return undecompressable('gzip', reason) }

function tooLong (): RecordError { return decompressesTooLarge('gzip') }

function translated (error: unknown): RecordError {
  if (error instanceof RecordError) return error
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ERR_BUFFER_TOO_LARGE' ? tooLong() : broken((error as Error).message)
}
