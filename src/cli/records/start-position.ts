/** Where reading begins, as people say it, and as offsets. */
import { code, KafkaError } from '../../../protocol/errors.ts'
import type { Client } from '../../client/client.ts'
import { UsageError } from '../error.ts'
import { findOffsets, mark } from '../offset-lookup.ts'
import { moment } from '../parse.ts'

export type StartPosition =
  | { readonly at: 'beginning' | 'end' }
  | { readonly at: 'offset', readonly offset: bigint }
  /** So many before the end. */
  | { readonly at: 'back', readonly count: bigint }
  /** ms since 1970. */
  | { readonly at: 'time', readonly timestampMs: number }

/** Throws UsageError. */
export function startPosition (text: string): StartPosition {
  if (text === 'beginning' || text === 'end') return { at: text }
  if (/^\d{1,19}$/.test(text)) return { at: 'offset', offset: BigInt(text) }
  if (/^-\d{1,19}$/.test(text)) return { at: 'back', count: -BigInt(text) }
  try {
    return { at: 'time', timestampMs: moment('--from')(text) }
  } catch {
    throw new UsageError(`--from ${text}: give beginning, end, an offset, -N before the end, ` +
      'or a time such as 2026-01-31T15:00:00Z or @1769871600000')
  }
}

/** The offset of each partition. Throws KafkaError. */
export async function startOffsets (
  client: Client, topic: string, partitions: readonly number[], start: StartPosition
): Promise<Map<number, bigint>> {
  const ask = async (timestamp: bigint): Promise<bigint[]> => {
    const found =
      await findOffsets(client, partitions.map(partition => ({ topic, partition })), timestamp)
    return found.map(({ offset, errorCode }) => {
      if (errorCode !== code.NONE) throw new KafkaError(errorCode)
      return offset
    })
  }
  const offsets = await offsetsAt(start, ask)
  return new Map(partitions.map((partition, index) => [partition, typeof offsets === 'bigint' ? offsets : offsets[index] as bigint]))
}

async function offsetsAt (
  start: StartPosition, ask: (timestamp: bigint) => Promise<bigint[]>
): Promise<bigint | bigint[]> {
  switch (start.at) {
    case 'beginning': return await ask(mark.earliest)
    case 'end': return await ask(mark.latest)
    case 'offset': return start.offset
    case 'time': {
      const found = await ask(BigInt(start.timestampMs))
      if (!found.some(offset => offset < 0n)) return found
      // No record is that late: those that come will be.
      const ends = await ask(mark.latest)
      return found.map((offset, index) => offset < 0n ? ends[index] as bigint : offset)
    }
    case 'back': {
      const least = await ask(mark.earliest)
      return (await ask(mark.latest)).map((end, index) => {
        const wanted = end - start.count
        return wanted < (least[index] as bigint) ? least[index] as bigint : wanted
      })
    }
  }
}
