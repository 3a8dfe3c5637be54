/**
 * Bytes that a message counts and does not hold yet: they are read when their turn to be sent has
 * come, so that an answer of fifty megabytes takes the memory of its next part alone.
 */

export interface BytesAtHand {
  readonly chunks: readonly Buffer[]
  /** Of all chunks. */
  readonly bytes: number
  /** Exactly once, when the bytes are no longer needed. */
  release (): void
}

export interface BytesToCome {
  /** So many in all, whatever has been taken of them. */
  readonly length: number
  /**
   * The next of them: at most `bytesMax`, but for what cannot be read in parts. Asked one after
   * another, until `length` bytes have come. Rejects or throws when what is left is gone.
   */
  next (bytesMax: number): BytesAtHand | Promise<BytesAtHand>
}

/** What a message to be sent is made of, in order. */
export type Chunk = Buffer | BytesToCome

/** All of them as one buffer. Throws TypeError where something is still to come. */
export function wholeOf (chunks: readonly Chunk[]): Buffer {
  if (!chunks.every(chunk => Buffer.isBuffer(chunk))) throw new TypeError('bytes are still to come')
  return Buffer.concat(chunks)
}
