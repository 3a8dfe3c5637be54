/** Snapshots of the metadata: when one is taken, in how many turns, and what it says (KIP-630). */
import t from 'tap'
import { decodeMetadata, encodeMetadata, entry } from '../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import { BeginTransactionRecord, EndTransactionRecord, FeatureLevelRecord } from '../../protocol/stored/metadata-settings.ts'
import { TopicRecord } from '../../protocol/stored/metadata-topics.ts'
import { processEnvironment } from '../../src/process-environment.ts'
import { MetadataRuntime } from '../../src/runtime/metadata.ts'
import type { CommitListener, QuorumRuntime } from '../../src/runtime/quorum/contract.ts'
import { idOf } from '../support/metadata-cluster.ts'

const RECORDS_MAX = 10

interface Timer { readonly delayMs: number, readonly run: () => void, cancelled: boolean }

/** A quorum that commits what `commit` says, and a clock whose timers and turns the test runs. */
function metadataOf () {
  const timers: Timer[] = []
  const turns: Array<() => void> = []
  const snapshots: Array<{ names: string[], endOffset: bigint }> = []
  let commitTo: CommitListener = () => {}
  let nextOffset = 0n
  const quorum = {
    onCommit: (listener: CommitListener) => { commitTo = listener },
    snapshot: async (records: readonly Buffer[], { endOffset }: { endOffset: bigint }) => {
      snapshots.push({ names: records.map(record => nameOf(decodeMetadata(record))), endOffset })
    },
  } as unknown as QuorumRuntime
  const metadata = new MetadataRuntime(quorum, {
    ...processEnvironment(() => {}),
    setTimer: (delayMs, run) => {
      const timer = { delayMs, run, cancelled: false }
      timers.push(timer)
      return { cancel: () => { timer.cancelled = true } }
    },
    atTurnEnd: run => { turns.push(run) },
  }, { bytesMax: Infinity, recordsMax: RECORDS_MAX })
  const commit = (entries: readonly MetadataEntry[]): void => {
    const baseOffset = nextOffset
    nextOffset += BigInt(entries.length)
    const records = entries.map(encodeMetadata)
    commitTo({ kind: 'batch', baseOffset, lastOffset: nextOffset - 1n, epoch: 1, timestampMs: 0n, records })
  }
  commit([entry(FeatureLevelRecord, 0, { name: 'metadata.version', featureLevel: 33 })])
  return { metadata, commit, timers, turns, snapshots }
}

function nameOf ({ record, value }: MetadataEntry): string {
  return record.key === TopicRecord.key ? (value as { name: string }).name : record.name
}

function topics (from: number, count: number): MetadataEntry[] {
  return Array.from({ length: count }, (_, index) =>
    entry(TopicRecord, 0, { name: `t${from + index}`, topicId: idOf(from + index) }))
}

async function settled (): Promise<void> { await new Promise(resolve => { setImmediate(resolve) }) }

t.test('a snapshot is taken a while after it is due, and says what is true then', async t => {
  const { commit, timers, snapshots } = metadataOf()
  commit(topics(1, RECORDS_MAX - 2))
  t.same(timers, [], 'not due')
  commit(topics(20, 1))
  commit(topics(30, 1))
  t.same(timers.map(({ delayMs }) => delayMs), [1000], 'one')
  commit(topics(40, 1))
  t.same(snapshots, [])
  timers[0]?.run()
  await settled()
  t.match(snapshots, [{ endOffset: BigInt(RECORDS_MAX + 2) }])
  t.ok(snapshots[0]?.names.includes('t40'))
  commit(topics(50, RECORDS_MAX - 1))
  t.equal(timers.length, 1, 'counted anew')
  commit(topics(70, 1))
  t.equal(timers.length, 2)
})

t.test('a large one is written down in turns, and what comes meanwhile is not in it', async t => {
  const { commit, timers, turns, snapshots } = metadataOf()
  commit(topics(1, 2500))
  t.same(timers.map(({ delayMs }) => delayMs), [0], 'overdue')
  timers[0]?.run()
  for (let turn = 0; turn < 2; turn++) {
    t.equal(turns.length, 1)
    t.same(snapshots, [])
    commit(topics(3000 + turn * RECORDS_MAX, RECORDS_MAX))
    turns.shift()?.()
    await settled()
  }
  t.equal(timers.length, 1, 'one at a time')
  t.equal(snapshots[0]?.endOffset, 2501n)
  t.equal(snapshots[0]?.names.length, 2501)
  t.notOk(snapshots[0]?.names.includes('t3000'))
  commit(topics(4000, 1))
  t.equal(timers.length, 2, 'what came meanwhile counts')
})

t.test('R 2.10.17: none in the midst of a metadata transaction', async t => {
  const { commit, timers, snapshots } = metadataOf()
  commit([entry(BeginTransactionRecord, 0, { name: 'x' }), ...topics(1, RECORDS_MAX)])
  timers[0]?.run()
  await settled()
  t.same(snapshots, [])
  commit([entry(EndTransactionRecord, 0, {})])
  timers[1]?.run()
  await settled()
  t.ok(snapshots[0]?.names.includes('t1'))
})

t.test('none after the end', async t => {
  const { metadata, commit, timers, turns, snapshots } = metadataOf()
  commit(topics(1, 1500))
  timers[0]?.run()
  metadata.stop()
  turns.shift()?.()
  await settled()
  t.same(snapshots, [], 'not of one under way either')
  commit(topics(2000, RECORDS_MAX))
  metadata.stop()
  t.equal(timers.at(-1)?.cancelled, true)
})
