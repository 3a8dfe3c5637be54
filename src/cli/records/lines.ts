/** The lines of a stream of bytes, as many at a time as have come. */
import type { Readable } from 'node:stream'

const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * `bytes` counts all that was read. The last line may lack its end; none is made of an empty rest.
 */
export async function * lines (
  input: Readable
): AsyncGenerator<{ texts: Buffer[], bytes: number }> {
  let rest: Buffer[] = []
  let bytes = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    bytes += chunk.length
    const texts: Buffer[] = []
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, at)
      texts.push(withoutReturn(rest.length === 0 ? part : Buffer.concat([...rest, part])))
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
    if (texts.length > 0) yield { texts, bytes }
  }
  if (rest.length > 0) yield { texts: [Buffer.concat(rest)], bytes }
}

function withoutReturn (line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}
