/** Long work on the event loop in pieces: others get their turn in between (R-X6). */

/** How much work is done between two breaths, in bytes: 2 to 10 ms of a codec written here. */
const BREATH_BYTES = 1024 * 1024

/** What the iterable gives, cut into pieces of a MiB; the event loop has a turn after each MiB. */
export async function * withBreaths (
  pieces: Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sinceBreath = 0
  for (const whole of pieces) {
    for (let start = 0; start < whole.length; start += BREATH_BYTES) {
      const piece = whole.subarray(start, start + BREATH_BYTES)
      yield piece
      sinceBreath += piece.length
      if (sinceBreath < BREATH_BYTES) continue
      sinceBreath = 0
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
}

/** The pieces as one buffer, each copied as it comes. */
export async function gathered (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const piece of pieces) chunks.push(Buffer.from(piece))
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
