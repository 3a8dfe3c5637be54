/**
 * Clients of before Kafka 0.11 read and write messages of magic 0 and 1 (kafka-node, no-kafka).
 * Kafka 4 dropped their versions; here 3.9's rules hold: written messages become one batch, read
 * batches become messages.
 */
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import type { Chunk } from '../../protocol/bytes-to-come.ts'
import { code } from '../../protocol/errors.ts'
import { batchesIn } from '../../protocol/records/batches.ts'
import { upConvert, downConvert } from '../../protocol/records/convert.ts'
import type { RefusedBatch } from '../../protocol/records/check.ts'
import { RecordError } from '../../protocol/records/error.ts'
import type { Broker, Fetched } from './broker.ts'

/** The first versions that carry batches of magic 2. */
export const PRODUCE_WITH_BATCHES = 3
export const FETCH_WITH_BATCHES = 4
const FETCH_WITH_TIMESTAMPS = 2
/** KIP-110: earlier clients do not know the codec. */
const FETCH_WITH_ZSTD = 10
/** R-X6: both conversions run on the event loop, and nobody who needs them has large sets. */
export const CONVERTED_BYTES_MAX = 8 * 1024 * 1024

type Settings = NonNullable<ReturnType<Broker['replicas']['find']>>['settings']

/** The one batch that a partition's messages become. */
export function batchOf (
  records: Buffer | null, { messageBytesMax, decompressedMessageBytesMax }: Settings
): Buffer | RefusedBatch {
  const decompressedBytesMax = Math.min(CONVERTED_BYTES_MAX, decompressedMessageBytesMax)
  return upConvert(records, { messageBytesMax, decompressedBytesMax })
}

/** What one answer may still convert, in bytes: what is left out comes with the next fetch. */
export interface ConversionBudget { bytes: number }

export function conversionBudget (): ConversionBudget { return { bytes: CONVERTED_BYTES_MAX } }

/** What a partition's row of Fetch says of its records. */
interface FetchedRecords { errorCode: number, records: readonly Chunk[] }

/** KIP-110: a topic with compression.type=zstd has nothing that a client below v10 could read. */
export function recordsFor (
  { errorCode, read, position }: Fetched, version: number, { replicas }: Pick<Broker, 'replicas'>,
  budget: ConversionBudget
): FetchedRecords {
  const atHand = read?.chunks ?? []
  const records = read?.rest === undefined ? atHand : [...atHand, read.rest]
  if (version >= FETCH_WITH_ZSTD || errorCode !== code.NONE) return { errorCode, records }
  if (replicas.find(position.topic, position.index)?.settings.compressionType === 'zstd') {
    return { errorCode: code.UNSUPPORTED_COMPRESSION_TYPE, records: [] }
  }
  if (version >= FETCH_WITH_BATCHES || records.length === 0) return { errorCode, records }
  try {
    const magic = version < FETCH_WITH_TIMESTAMPS ? 0 : 1
    return { errorCode, records: converted(wholeOf(records), magic, position.fetchOffset, budget) }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return { errorCode: code.UNSUPPORTED_COMPRESSION_TYPE, records: [] }
  }
}

/** Batch by batch while the budget lasts; where one fails behind others, those are the answer. */
function converted (bytes: Buffer, magic: 0 | 1, from: bigint, budget: ConversionBudget): Buffer[] {
  const sets: Buffer[] = []
  for (const batch of batchesIn(bytes)) {
    if (budget.bytes <= 0) break
    try {
      sets.push(downConvert(batch, magic, from, undefined, bytes => { budget.bytes -= bytes }))
    } catch (error) {
      if (sets.length === 0) throw error
      break
    }
  }
  return sets
}
