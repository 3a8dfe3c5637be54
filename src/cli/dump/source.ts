/** What `ottla dump` can show: the logs of a data directory, or the batches of one file. */
import { DecodeError } from '../../../protocol/cursor.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import { decodeMetadata } from '../../../protocol/stored/framing.ts'
import { TopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { lastOffset, magicOf } from '../../../protocol/records/header.ts'
import { isControl, recordsOf } from '../../../protocol/records/read.ts'
import type { Store } from '../../store/contract.ts'
import { nodeDisk } from '../../store/disk-node.ts'
import { StoreError } from '../../store/error.ts'
import { FILE_HEADER_SIZE, kinds } from '../../store/journal-format.ts'
import { entriesOf, turnsOf } from '../../store/recovery.ts'

export interface Source {
  /** As the store or the file system names it. */
  readonly name: string
  /** Undefined where it cannot be told. */
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly bytes: number
  readonly damaged: boolean
  /**
   * Whole batches from the one that holds `offset` on; each is valid until the next is asked for.
   */
  batches (offset: bigint): AsyncIterable<Buffer>
}

export const METADATA_TOPIC = '__cluster_metadata'
const METADATA_LOG = `${METADATA_TOPIC}-0`
const CHECKPOINTS = `${METADATA_LOG}/checkpoint/`
const READ_BYTES = 1024 * 1024

/** Every log, and every snapshot of the metadata log; by topic and partition. */
export async function sourcesOf (store: Store): Promise<Source[]> {
  const snapshots =
    [...store.table.entries(CHECKPOINTS)].map(([key]) => key.slice(CHECKPOINTS.length))
      .map(name => snapshotSource(store, name))
  const metadata = store.logNames().filter(name => name === METADATA_LOG)
    .map(name => logSource(store, name, () => METADATA_TOPIC))
  const names = await topicNames([...snapshots.slice(-1), ...metadata])
  const logs = store.logNames().filter(name => name !== METADATA_LOG)
    .map(name => logSource(store, name, topicId => names.get(topicId)))
  return [...metadata, ...snapshots, ...logs.sort(byTopic)]
}

function byTopic (left: Source, right: Source): number {
  const [one, other] = [left.topic ?? left.name, right.topic ?? right.name]
  if (one !== other) return one < other ? -1 : 1
  return (left.partition ?? 0) - (right.partition ?? 0)
}

function logSource (
  store: Store, name: string, topicOf: (topicId: string) => string | undefined
): Source {
  const log = store.findLog(name)
  if (log === undefined) throw new RangeError(`there is no log ${name}`)
  const at = name.lastIndexOf('-')
  return {
    name,
    topic: topicOf(name.slice(0, at)),
    partition: Number(name.slice(at + 1)),
    startOffset: log.startOffset,
    endOffset: log.endOffset,
    bytes: log.byteSize,
    damaged: log.damaged,
    async * batches (offset) {
      for (let next = offset > log.startOffset ? offset : log.startOffset; next < log.endOffset;) {
        const read = await log.read(next, log.endOffset, READ_BYTES, true)
        try {
          if (read.bytes === 0) {
            throw new StoreError('CORRUPT', `nothing can be read from offset ${next} to its end ${log.endOffset}`)
          }
          for (const batch of read.chunks.flatMap(chunk => [...batchesIn(chunk)])) {
            yield batch
            next = lastOffset(batch) + 1n
          }
        } finally {
          read.release()
        }
      }
    },
  }
}

/** Its bytes are those of Kafka's `<offset>-<epoch>.checkpoint` (KIP-630). */
function snapshotSource (store: Store, name: string): Source {
  const pieces = [...store.table.entries(`${METADATA_LOG}/checkpoint-pieces/${name}/`)].map(([, piece]) => piece)
  const bytes = Buffer.concat(pieces)
  const size = Number(store.table.get(CHECKPOINTS + name)?.readBigInt64BE(0) ?? 0n)
  return { ...bytesSource(`${METADATA_LOG}/${name}.checkpoint`, bytes.subarray(0, size)), topic: METADATA_TOPIC, partition: 0 }
}

/** Batches one after another, as in Kafka's own files. */
export function bytesSource (name: string, bytes: Buffer): Source {
  const all = [...batchesIn(bytes)]
  const last = all.at(-1)
  return {
    name,
    topic: undefined,
    partition: undefined,
    startOffset: all[0]?.readBigInt64BE(0) ?? 0n,
    endOffset: last === undefined ? 0n : endOf(last),
    bytes: bytes.length,
    damaged: all.reduce((sum, batch) => sum + batch.length, 0) !== bytes.length,
    async * batches (offset) {
      for (const batch of all) if (endOf(batch) > offset) yield batch
    },
  }
}

/**
 * What turns one journal file has, log by log. It may have turns that were used up long ago, and
 * the names of those logs only that were made in them.
 */
export async function journalSources (path: string): Promise<Source[]> {
  const file = nodeDisk().open(path, true)
  const names = new Map<number, string>()
  const batches = new Map<number, Buffer[]>()
  try {
    for (const turn of turnsOf(file, FILE_HEADER_SIZE)) {
      for (const { entry, at } of entriesOf(turn)) {
        const bytes = Buffer.from(turn.bytes.subarray(at, at + entry.length))
        if (entry.kind === kinds.create) names.set(entry.log, bytes.toString())
        if (!BATCHES.has(entry.kind)) continue
        const own = batches.get(entry.log)
        if (own === undefined) batches.set(entry.log, [bytes])
        else own.push(bytes)
      }
    }
  } finally {
    file.close()
  }
  const sources = [...batches].map(([log, own]) => bytesSource(names.get(log) ?? `log ${log}`, Buffer.concat(own)))
  const topics = await topicNames(sources.filter(({ name }) => name === METADATA_LOG))
  return sources.map(source => ({ ...source, ...placeOf(source.name, topics) })).sort(byTopic)
}

const BATCHES: ReadonlySet<number> = new Set([kinds.small, kinds.large, kinds.copy])

function placeOf (
  name: string, topics: ReadonlyMap<string, string>
): { topic?: string, partition?: number } {
  if (name === METADATA_LOG) return { topic: METADATA_TOPIC, partition: 0 }
  const [, topicId = '', partition] = /^(.+)-(\d+)$/.exec(name) ?? []
  const topic = topics.get(topicId)
  return topic === undefined ? {} : { topic, partition: Number(partition) }
}

/**
 * The offset behind a batch of any magic: before magic 2 a batch is one record, or says its last
 * offset first.
 */
function endOf (batch: Buffer): bigint {
  return (magicOf(batch) === 2 ? lastOffset(batch) : batch.readBigInt64BE(0)) + 1n
}

/** Topic names by id, as the metadata log tells them. */
async function topicNames (sources: readonly Source[]): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  for (const source of sources) {
    for await (const batch of source.batches(0n)) {
      if (isControl(batch)) continue
      try {
        for (const { value } of recordsOf(batch)) if (value !== null) noteTopic(names, value)
      } catch (error) {
        // A damaged batch names nothing; the log itself is shown all the same.
        if (!(error instanceof RecordError || error instanceof DecodeError ||
          error instanceof RangeError)) throw error
      }
    }
  }
  return names
}

/** Names of removed topics are kept: their logs may still be there. */
function noteTopic (names: Map<string, string>, bytes: Buffer): void {
  const { record, value } = decodeMetadata(bytes)
  if (record.key !== TopicRecord.key) return
  const { topicId, name } = value as { topicId: string, name: string }
  names.set(topicId, name)
}
