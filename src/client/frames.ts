/** Whole frames out of a stream of bytes, on the side that gets answers. */

const SIZE_BYTES = 4

export class FrameReader {
  readonly #frameBytesMax: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor (frameBytesMax: number) { this.#frameBytesMax = frameBytesMax }

  /** What has come and is no whole frame yet. */
  get rest (): Buffer { return this.#joined() }

  push (chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /**
   * The next frame without its size, undefined until it is whole.
   * Throws a RangeError for a size that no answer has.
   */
  next (): Buffer | undefined {
    if (this.#bytes < SIZE_BYTES) return undefined
    const head = this.#chunks[0] as Buffer
    const size = (head.length >= SIZE_BYTES ? head : this.#joined()).readInt32BE(0)
    if (size < SIZE_BYTES || size > this.#frameBytesMax) throw new RangeError(`an answer of ${size} bytes`)
    const end = SIZE_BYTES + size
    if (this.#bytes < end) return undefined
    const bytes = this.#joined()
    this.#chunks = [bytes.subarray(end)]
    this.#bytes -= end
    return bytes.subarray(SIZE_BYTES, end)
  }

  /** What is long is put together only once it is whole. */
  #joined (): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }
}
