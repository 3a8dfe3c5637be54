/**
 * What compacting a large log takes: an idempotent producer's batches of 16 KB with records of 1
 * KB, one key in ten live at the end, through a partition on the real disk; then the cleaner,
 * alone. `npm run compaction:bench -- [--directory D] [--megabytes 1024] [--live 0.1] [--codec
 * none]`.
 */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Codec } from '../../protocol/records/attributes.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import { settingsFrom } from '../../src/config/config.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'
import { processEnvironment } from '../../src/process-environment.ts'
import { Cleaner } from '../../src/runtime/cleaner/cleaner.ts'
import { LoadTurns } from '../../src/runtime/replica/load-turns.ts'
import { Partition } from '../../src/runtime/replica/partition.ts'
import { configuration, topicSettingsSource } from '../../src/settings.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import { numberOption, textOption } from '../options.ts'

const MB = 1024 * 1024
const RECORD_BYTES = 1024
const RECORDS_A_BATCH = 15
const SEGMENT_BYTES = 64 * MB
const NODE = 1
const IN_FLIGHT_BYTES = 32 * MB
/** How long dead files may take to go. */
const SETTLE_MS = 10_000

/** What the words behind the program ask for. */
interface Asked {
  readonly directory: string
  readonly bytesWanted: number
  /** The share of the records that compaction leaves, 0 to 1. */
  readonly live: number
  readonly codec: Codec
}

const settings = settingsFrom(new Map())
const environment = processEnvironment((level, message, fields) => {
  if (level !== 'debug') process.stderr.write(`${level} ${message} ${JSON.stringify(fields ?? {})}\n`)
})

function fileBytes (directory: string): number {
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(each => each.isFile())
    .reduce((sum, each) => sum + fs.statSync(join(each.parentPath, each.name)).blocks * 512, 0)
}

async function open (store: Store): Promise<Partition> {
  const topic = topicSettingsSource(settings).of('bench', new MetadataImage())
  const host = { nodeId: NODE, environment, loads: new LoadTurns(environment) }
  const partition = new Partition({ topic: 'bench', topicId: 'bench', index: 0 }, host, store.openLog('bench-0'), {
    ...topic, compacts: true, deletes: false,
    segment: { ...topic.segment, bytesMax: SEGMENT_BYTES },
  })
  await partition.whenLoaded()
  partition.lead(
    { leaderId: NODE, leaderEpoch: 0, partitionEpoch: 0, replicas: [NODE], isr: [NODE] }
  )
  return partition
}

/** Every key is written ten times or so, in no order that compaction could profit from. */
async function fill (partition: Partition, { bytesWanted, live, codec }: Asked): Promise<number> {
  const records = Math.floor(bytesWanted / RECORD_BYTES)
  const keys = Math.max(1, Math.floor(records * live))
  const value = Buffer.alloc(RECORD_BYTES - 40, 'The quick brown fox jumps over the lazy dog. ')
  let pending: Array<Promise<unknown>> = []
  let bytes = 0
  for (let sequence = 0; sequence < records; sequence += RECORDS_A_BATCH) {
    const timestamp = BigInt(Date.now())
    const batch = writeBatch(Array.from({ length: RECORDS_A_BATCH }, (_each, index) => ({
      timestamp, key: Buffer.from(`key-${(Math.imul(sequence + index, 0x9e3779b1) >>> 0) % keys}`), value,
    })), { codec, producerId: 1n, producerEpoch: 0, baseSequence: sequence })
    bytes += batch.length
    pending.push(Promise.resolve(
      partition.produce(batch, { version: 12, acks: 1, clientId: null, timeoutMs: 30_000 })
    ))
    if (pending.length * batch.length < IN_FLIGHT_BYTES) continue
    await Promise.all(pending)
    pending = []
  }
  await Promise.all(pending)
  return bytes
}

async function settled (directory: string): Promise<number> {
  let least = fileBytes(directory)
  for (const end = performance.now() + SETTLE_MS; performance.now() < end;) {
    await new Promise(resolve => { setTimeout(resolve, 500) })
    least = Math.min(least, fileBytes(directory))
  }
  return least
}

export async function main (words: readonly string[]): Promise<number> {
  const asked: Asked = {
    directory: textOption(words, 'directory', join(tmpdir(), 'ottla-compaction-bench')),
    bytesWanted: numberOption(words, 'megabytes', 1024) * MB,
    live: numberOption(words, 'live', 0.1),
    codec: textOption(words, 'codec', 'none') as Codec,
  }
  const { directory } = asked
  fs.rmSync(directory, { recursive: true, force: true })
  const store = await openStore(directory, { ...environment, disk: nodeDisk() })
  const partition = await open(store)
  const beganMs = performance.now()
  const bytes = await fill(partition, asked)
  await store.sync()
  console.log(`${(bytes / MB).toFixed()} MB written in ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
  await settled(directory)
  await compact(store, partition, { directory, bytes })
  await store.close()
  fs.rmSync(directory, { recursive: true, force: true })
  return 0
}

async function compact (
  store: Store, partition: Partition, { directory, bytes }: { directory: string, bytes: number }
): Promise<void> {
  const cleaner = new Cleaner({
    replicas: { * all () { yield partition }, retain: () => {} },
    store,
    environment,
    settings: () => configuration(settings).live(new MetadataImage()).cleaner,
  })
  const filesBefore = fileBytes(directory)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const cpu = process.cpuUsage()
  delay.enable()
  const cleaningMs = performance.now()
  const isCleaned = await cleaner.cleanNext()
  const seconds = (performance.now() - cleaningMs) / 1000
  delay.disable()
  const { user, system } = process.cpuUsage(cpu)
  if (!isCleaned) throw new Error('the log was not compacted')
  console.log([
    `compacted in ${seconds.toFixed(1)} s`,
    `${((user + system) / 1e6).toFixed(1)} CPU s`,
    `longest slice ${cleaner.pace.longestMs.toFixed(1)} ms`,
    `loop held ${(delay.max / 1e6).toFixed(1)} ms at most, ${(delay.percentile(99) / 1e6).toFixed(1)} ms in 99 of 100 turns`,
    `log ${(bytes / MB).toFixed()} MB to ${(partition.state.segments.totalBytes / MB).toFixed()} MB`,
    `files ${(filesBefore / MB).toFixed()} MB to ${(await settled(directory) / MB).toFixed()} MB`,
  ].join('\n'))
  await cleaner.stop()
}
