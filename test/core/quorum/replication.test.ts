import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Effect } from '../../../src/core/quorum/effects.ts'
import { controlBatch, metadataBatch } from '../../../src/runtime/quorum/log.ts'
import {
  answer, ask, begin, fetchRequest, history, leader, machine, respond, sends, snapshotRequest,
} from './machine.ts'

const HIGHEST = 9223372036854775807n
const epoch = 5 // of the leader; its history: [0, 2) in 1, [2, 10) in 4, [10, 11) its leader change
const at = (fetchOffset: bigint, lastFetchedEpoch: number): object =>
  ({ fetchOffset, lastFetchedEpoch })
const batch = (baseOffset: bigint, leaderEpoch: number, ...values: string[]): Buffer =>
  metadataBatch(values.map(value => Buffer.from(value)),
    { baseOffset, epoch: leaderEpoch, timestampMs: 0 })
const advances = (effects: readonly Effect[]): bigint[] => effects.flatMap(effect =>
  effect.do === 'advanceHighWatermark' ? [effect.offset] : [])

t.test('2.1.3: what a follower at each position is told', async t => {
  const rows: Array<[bigint, number, expected: object | string]> = [
    [0n, 0, 'records'],
    [2n, 1, 'records'],
    [10n, 4, 'records'],
    [11n, 5, 'nothing'],
    [3n, 1, { divergingEpoch: { epoch: 1, endOffset: 2n } }],
    [11n, 4, { divergingEpoch: { epoch: 4, endOffset: 10n } }],
    [5n, 2, { divergingEpoch: { epoch: 1, endOffset: 2n } }],
    [12n, 5, { divergingEpoch: { epoch: 5, endOffset: 11n } }],
  ]
  for (const [offset, lastEpoch, expected] of rows) {
    const { quorum } = leader()
    quorum.written(11n, 0, 1000)
    const effects = ask(quorum, 'Fetch', fetchRequest(2, at(offset, lastEpoch)), 1000)
    t.match(answer(effects), { errorCode: 0, highWatermark: -1n, currentLeader: { leaderId: 1 } })
    if (typeof expected === 'object') t.match(answer(effects), expected)
    else t.match(effects, [{ do: expected === 'records' ? 'replyFromLog' : 'reply' }])
    const known = quorum.describe(1000)?.voters[1]?.logEndOffset
    t.equal(known, typeof expected === 'object' ? -1n : offset, 'diverging ends are not counted')
  }
})

t.test('what a leader does not take', async t => {
  const none = { topic: '', topicId: ZERO_UUID, partitions: [] }
  const rows: Array<[partition: object, top: object, errorCode: number]> = [
    [{ currentLeaderEpoch: 4 }, {}, code.FENCED_LEADER_EPOCH],
    [{ currentLeaderEpoch: 6 }, {}, code.UNKNOWN_LEADER_EPOCH],
    [{ fetchOffset: -1n }, {}, code.INVALID_REQUEST],
    [{ lastFetchedEpoch: -1 }, {}, code.INVALID_REQUEST],
    [{ lastFetchedEpoch: 6 }, {}, code.INVALID_REQUEST],
    [{}, { maxWaitMs: -1 }, code.INVALID_REQUEST],
  ]
  for (const [partition, top, errorCode] of rows) {
    t.match(answer(ask(leader().quorum, 'Fetch', fetchRequest(2, partition, top), 1000)),
      { errorCode, currentLeader: { leaderId: 1, leaderEpoch: 5 } })
  }
  for (const [top, topLevel] of [
    [{ clusterId: 'other' }, code.INCONSISTENT_CLUSTER_ID],
    [{ topics: [] }, code.INVALID_REQUEST],
    [{ topics: [none] }, code.INVALID_REQUEST],
  ] as const) {
    t.same(answer(ask(leader().quorum, 'Fetch', fetchRequest(2, {}, top), 1000)), { topLevel })
  }
  const follower = machine({
    ...history([5, 1]),
    vote: { epoch: 5, leaderId: 3, votedId: -1, votedDirectoryId: ZERO_UUID },
  })
  const effects = ask(follower, 'Fetch', fetchRequest(2))
  const currentLeader = { leaderId: 3, leaderEpoch: 5 }
  t.match(answer(effects), { errorCode: code.NOT_LEADER_OR_FOLLOWER, currentLeader })
  t.match(effects, [{ response: { nodeEndpoints: [{ nodeId: 3, host: 'host3', port: 9093 }] } }])
})

t.test('2.10.3: records of older epochs are not committed by being on a majority', async t => {
  const { quorum } = leader()
  t.same(advances(quorum.flushed(11n, 0, 1000)), [])
  t.same(advances(ask(quorum, 'Fetch', fetchRequest(2, at(2n, 1)), 1000)), [])
  t.same(advances(ask(quorum, 'Fetch', fetchRequest(2, at(10n, 4)), 1000)), [],
    'all of the old ones, but nothing of its own epoch')
  t.same(advances(ask(quorum, 'Fetch', fetchRequest(2, at(11n, 5)), 1000)), [11n])
})

t.test('2.10.8: a leader counts its own flushed end only', async t => {
  const { quorum } = leader()
  t.same(advances(quorum.written(11n, 0, 1000)), [])
  t.same(advances(ask(quorum, 'Fetch', fetchRequest(2, at(11n, 5)), 1000)), [])
  t.same(advances(quorum.flushed(11n, 0, 1000)), [11n])
  const one = begin({ voterIds: [1] })
  t.same(advances(one.effects), [], 'a single voter too')
  t.same(advances(one.quorum.flushed(1n, 0, 0)), [1n])
})

t.test('2.10.9: a majority of voters decides, observers do not count', async t => {
  type Row = [voterIds: number[], fetches: Array<[number, bigint]>, expected: bigint[]]
  const rows: Row[] = [
    [[1, 2], [[2, 13n]], [13n]],
    [[1, 2, 3], [[9, 13n]], []],
    [[1, 2, 3], [[2, 12n], [3, 13n]], [12n, 13n]],
    [[1, 2, 3], [[2, 13n], [2, 12n]], [13n]],
    [[1, 2, 3, 4], [[2, 13n]], []],
    [[1, 2, 3, 4], [[2, 13n], [3, 12n]], [12n]],
    [[1, 2, 3, 4, 5], [[5, 13n], [4, 12n]], [12n]],
  ]
  for (const [voterIds, fetches, expected] of rows) {
    const { quorum } = leader({ voterIds: voterIds.slice(0, 3) })
    // A larger quorum than three is not elected by one vote: it is grown for this test alone.
    const many = voterIds.length > 3 ? grown(voterIds) : quorum
    many.append([Buffer.from('a'), Buffer.from('b')], epoch, 1000)
    many.flushed(13n, 0, 1000)
    t.same(fetches.flatMap(([id, offset]) =>
      advances(ask(many, 'Fetch', fetchRequest(id, at(offset, 5)), 1000))), expected)
  }
})

/** Node 1 leads a quorum of these voters. */
function grown (voterIds: number[]): ReturnType<typeof machine> {
  const quorum = machine({ ...history([1, 2], [4, 8]), voterIds })
  let effects = quorum.tick(1000)
  for (const leaderEpoch of [4, 5]) {
    const asked = sends(effects).filter(({ api }) => api === 'Vote')
    effects = []
    for (const sent of asked) {
      effects.push(...respond(quorum, sent,
        { partitionIndex: 0, leaderId: -1, leaderEpoch, voteGranted: true }, 1000))
    }
  }
  return quorum
}

t.test('a fetch waits for records, for the high watermark, or for its time', async t => {
  const { quorum } = leader()
  quorum.flushed(11n, 0, 1000)
  const waiting = (id: number, more: object = {}): Effect[] =>
    ask(quorum, 'Fetch', fetchRequest(id, { ...at(11n, 5), ...more }, { maxWaitMs: 300 }), 1000)
  t.same(waiting(9, { highWatermark: HIGHEST }), [])
  t.equal(quorum.deadline(), 1300)
  t.match(waiting(2, { highWatermark: 0n }).filter(effect => effect.do !== 'send'), [
    { do: 'advanceHighWatermark', offset: 11n },
    { do: 'reply', response: { responses: [{ partitions: [{ highWatermark: 11n }] }] } },
  ], 'KIP-1166: a follower that is behind with the high watermark hears of it at once')
  t.same(waiting(3, { highWatermark: 11n }), [])
  const appended = quorum.append([Buffer.from('a')], epoch, 1100)
  t.match(appended?.effects, [{ do: 'appendLog', baseOffset: 11n, endOffset: 12n }])
  t.equal(appended?.effects.length, 1, 'not before it can be read')
  t.match(quorum.written(12n, 0, 1100), [
    { do: 'replyFromLog', offset: 11n, endOffset: 12n },
    { do: 'replyFromLog', offset: 11n, endOffset: 12n },
  ])
  t.same(ask(quorum, 'Fetch', fetchRequest(3, at(12n, 5), { maxWaitMs: 100 }), 1200), [])
  t.match(quorum.tick(1300), [{ do: 'reply' }], 'its time is over')
  t.same(ask(quorum, 'Fetch', fetchRequest(3, at(12n, 5), { maxWaitMs: 100 }), 1300), [])
  const resigned = quorum.stop(1300).filter(effect => effect.do === 'reply')
  t.match(answer(resigned), { errorCode: code.NOT_LEADER_OR_FOLLOWER })
})

t.test('2.10.18: only the leader of the epoch appends', async t => {
  const { quorum } = leader()
  t.equal(quorum.append([Buffer.from('a')], 4, 1000), undefined)
  t.equal(quorum.append([Buffer.from('a')], 5, 1000)?.baseOffset, 11n)
  t.equal(quorum.append([Buffer.from('b'), Buffer.from('c')], 5, 1000)?.baseOffset, 12n)
  t.equal(quorum.endOffset, 14n)
  t.equal(machine().append([Buffer.from('a')], 0, 0), undefined)
  quorum.stop(1000)
  t.equal(quorum.append([Buffer.from('a')], 5, 1000), undefined)
})

/** Node 1 follows node 2 in epoch 5; its fetch is under way. */
function follower (setting: object = {}): { quorum: ReturnType<typeof machine>, fetch: Effect } {
  const { quorum, effects } = begin({
    ...history([1, 2], [4, 8]),
    vote: { epoch: 5, leaderId: 2, votedId: -1, votedDirectoryId: ZERO_UUID },
    ...setting,
  })
  return { quorum, fetch: sends(effects)[0] as Effect }
}
const fetched = (more: object): object => ({
  partitionIndex: 0,
  highWatermark: 0n,
  currentLeader: { leaderId: 2, leaderEpoch: epoch },
  abortedTransactions: null,
  records: null,
  ...more,
})

t.test('2.10.8: a follower fetches on when what it has is flushed', async t => {
  const { quorum, fetch } = follower()
  t.match(fetch, { to: 2, request: { topics: [{ partitions: [at(10n, 4)] }] } })
  const records = Buffer.concat([batch(10n, 5, 'a', 'b'), batch(12n, 5, 'c')])
  const effects = respond(quorum, fetch, fetched({ records, highWatermark: 12n }))
  t.match(effects, [
    { do: 'advanceHighWatermark', offset: 10n },
    { do: 'copyLog', endOffset: 13n, generation: 0 },
  ].reverse(), 'and tells only of what it has durably')
  t.same(quorum.written(13n, 0, 10), [])
  const next = quorum.flushed(13n, 0, 10)
  t.same(advances(next), [12n])
  t.match(sends(next), [{ api: 'Fetch', request: { topics: [{ partitions: [at(13n, 5)] }] } }])
})

t.test('only batches that continue the log, of epochs that have begun, are copied', async t => {
  const rows: Array<[Buffer[], endOffset: bigint]> = [
    [[batch(10n, 4, 'a'), batch(11n, 5, 'b')], 12n],
    [[batch(11n, 5, 'a')], 10n],
    [[batch(9n, 5, 'a')], 10n],
    [[batch(10n, 6, 'a')], 10n],
    [[batch(10n, 3, 'a')], 10n],
    [[batch(10n, 5, 'a'), batch(12n, 5, 'b')], 11n],
    [[batch(10n, 5, 'a'), batch(11n, 5, 'b').subarray(0, 65)], 11n],
  ]
  for (const [batches, endOffset] of rows) {
    const { quorum, fetch } = follower()
    respond(quorum, fetch, fetched({ records: Buffer.concat(batches) }))
    t.equal(quorum.endOffset, endOffset)
  }
})

t.test('2.1.4: what diverges is cut off, and nothing else', async t => {
  const rows: Array<[epoch: number, endOffset: bigint, expected: bigint]> = [
    [4, 7n, 7n], [4, 99n, 10n], [1, 1n, 1n], [1, 2n, 2n], [3, 5n, 2n], [2, 1n, 2n],
  ]
  for (const [divergingEpoch, endOffset, expected] of rows) {
    const { quorum, fetch } = follower()
    const effects = respond(quorum, fetch, fetched({
      divergingEpoch: { epoch: divergingEpoch, endOffset }, highWatermark: 9n,
    }))
    t.match(effects, [{ do: 'truncateLog', offset: expected, generation: 1 }])
    t.equal(quorum.endOffset, expected)
    t.equal(quorum.highWatermark, 0n, 'such an answer says nothing about the high watermark')
    t.same(quorum.flushed(expected, 0, 0).filter(effect => effect.do !== 'send'), [])
  }
})

t.test('2.10.7: cutting below the high watermark is fatal', async t => {
  const { quorum, fetch } = follower()
  const next = respond(quorum, fetch, fetched({ highWatermark: 8n }))
  const effects = respond(quorum, sends(next)[0] as Effect,
    fetched({ divergingEpoch: { epoch: 4, endOffset: 7n } }))
  t.match(effects, [{ do: 'fail', reason: /below the high watermark 8/ }])
  t.same(quorum.tick(100_000), [])
})

t.test('a flush that was reported for what is cut off is not believed', async t => {
  const { quorum, fetch } = follower()
  respond(quorum, fetch, fetched({ records: batch(10n, 5, 'a', 'b') }))
  ask(quorum, 'BeginQuorumEpoch', {
    clusterId: null,
    voterId: 1,
    topics: [{
      topicName: '__cluster_metadata',
      partitions: [{ partitionIndex: 0, voterDirectoryId: ZERO_UUID, leaderId: 3, leaderEpoch: 6 }],
    }],
    leaderEndpoints: [],
  })
  t.same(sends(quorum.tick(100)), [], 'nothing is acknowledged meanwhile')
  const flushed = sends(quorum.flushed(12n, 0, 100))
  const effects = respond(quorum, flushed[0] as Effect, {
    ...fetched({ divergingEpoch: { epoch: 4, endOffset: 10n } }),
    currentLeader: { leaderId: 3, leaderEpoch: 6 },
  }, 100)
  t.match(effects, [{ do: 'truncateLog', offset: 10n, generation: 1 }])
})

t.test('2.10.12: below its log, a leader names its snapshot and serves it in pieces', async t => {
  const { quorum } = leader()
  quorum.flushed(11n, 0, 1000)
  ask(quorum, 'Fetch', fetchRequest(2, at(11n, 5)), 1000)
  quorum.snapshotTaken({ endOffset: 10n, epoch: 4, sizeBytes: 250 }, 1000)
  t.equal(quorum.startOffset, 10n)
  const snapshotId = { endOffset: 10n, epoch: 4 }
  for (const [offset, lastEpoch] of [[0n, 0], [2n, 1], [9n, 4], [10n, 3], [11n, 3]] as const) {
    t.match(answer(ask(quorum, 'Fetch', fetchRequest(3, at(offset, lastEpoch)), 1000)),
      { errorCode: 0, snapshotId })
  }
  const rows: Array<[partition: object, top: object, expected: object]> = [
    [{ snapshotId }, {}, { errorCode: 0, size: 250n, position: 0n }],
    [{ snapshotId, position: 249n }, {}, { errorCode: 0, position: 249n }],
    [{ snapshotId, position: 250n }, {}, { errorCode: code.POSITION_OUT_OF_RANGE }],
    [{ snapshotId, position: -1n }, {}, { errorCode: code.POSITION_OUT_OF_RANGE }],
    [{}, {}, { errorCode: code.SNAPSHOT_NOT_FOUND }],
    [{ snapshotId, currentLeaderEpoch: 4 }, {}, { errorCode: code.FENCED_LEADER_EPOCH }],
    [{ snapshotId, currentLeaderEpoch: 6 }, {}, { errorCode: code.UNKNOWN_LEADER_EPOCH }],
    [{ snapshotId, partition: 1 }, {}, { errorCode: code.UNKNOWN_TOPIC_OR_PARTITION }],
    [{}, { clusterId: 'other' }, { topLevel: code.INCONSISTENT_CLUSTER_ID }],
    // 2.10.13, CVE-2026-83525: these end Kafka's controllers.
    [{}, { topics: [] }, { topLevel: code.INVALID_REQUEST }],
    [{}, { topics: [{ name: '__cluster_metadata', partitions: [] }] },
      { topLevel: code.INVALID_REQUEST }],
  ]
  for (const [partition, top, expected] of rows) {
    t.match(answer(ask(quorum, 'FetchSnapshot', snapshotRequest(partition, top), 1000)), expected)
  }
  t.match(ask(quorum, 'FetchSnapshot', snapshotRequest({ snapshotId, position: 200n }), 1000),
    [{ do: 'replyFromSnapshot', id: snapshotId, position: 200, bytesMax: 100 }])
})

const piece = (position: bigint, bytes: string, more: object = {}): object => ({
  index: 0,
  snapshotId: { endOffset: 20n, epoch: 5 },
  currentLeader: { leaderId: 2, leaderEpoch: 5 },
  size: 6n,
  position,
  unalignedRecords: Buffer.from(bytes),
  ...more,
})

t.test('2.10.12: a follower downloads a snapshot, replaces its log, and goes on', async t => {
  const { quorum, fetch } = follower()
  const told = respond(quorum, fetch, fetched({ snapshotId: { endOffset: 20n, epoch: 5 } }))
  t.match(told, [{ do: 'send', api: 'FetchSnapshot' }])
  const first = respond(quorum, told[0] as Effect, piece(0n, 'abcd'))
  t.match(first, [
    { do: 'storeSnapshot', position: 0 },
    { do: 'send', request: { topics: [{ partitions: [{ position: 4n }] }] } },
  ])
  const last = respond(quorum, first[1] as Effect, piece(4n, 'ef'))
  t.match(last, [{ do: 'storeSnapshot', position: 4 }, { do: 'installSnapshot' }])
  t.equal(last.length, 2)
  t.same(quorum.tick(100_000), [], 'it neither fetches nor stands while the log is replaced')
  const done = quorum.snapshotInstalled({ endOffset: 20n, epoch: 5, sizeBytes: 6 },
    { voters: undefined, kraftVersion: 0 }, 100_000)
  t.match(done, [
    { do: 'advanceHighWatermark', offset: 20n },
    { do: 'send', api: 'Fetch', request: { topics: [{ partitions: [at(20n, 5)] }] } },
  ])
})

t.test('pieces of another snapshot, out of order or empty, are not mixed in', async t => {
  const strange = [
    piece(4n, 'ef', { snapshotId: { endOffset: 21n, epoch: 5 } }),
    piece(3n, 'ef'),
    piece(4n, ''),
    piece(4n, 'ef', { errorCode: code.SNAPSHOT_NOT_FOUND }),
  ]
  for (const answerToIt of strange) {
    const { quorum, fetch } = follower()
    const told = respond(quorum, fetch, fetched({ snapshotId: { endOffset: 20n, epoch: 5 } }))
    const first = respond(quorum, told[0] as Effect, piece(0n, 'abcd'))
    t.match(respond(quorum, first[1] as Effect, answerToIt), [{ do: 'send', api: 'Fetch' }],
      'it begins anew')
  }
  const { quorum, fetch } = follower()
  const told = respond(quorum, fetch, fetched({ snapshotId: { endOffset: 20n, epoch: 5 } }))
  respond(quorum, told[0] as Effect, piece(0n, 'abcdef'))
  t.match(quorum.snapshotRefused(0), [{ do: 'send', api: 'Fetch' }], 'nor is one that is not sound')
  t.equal(quorum.endOffset, 10n)
})

t.test('2.10.14: voters hold as soon as they are appended, and no longer than that', async t => {
  const { quorum, fetch } = follower()
  const voters = controlBatch([
    { kind: 'kraftVersion', value: { version: 0, kRaftVersion: 1 } },
    {
      kind: 'voters',
      value: {
        version: 0,
        voters: [7, 2].map(voterId => ({
          voterId,
          voterDirectoryId: ZERO_UUID,
          endpoints: [{ name: 'CONTROLLER', host: `new${voterId}`, port: 9 }],
          kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
        })),
      },
    },
  ], { baseOffset: 10n, epoch: 5, timestampMs: 0 })
  respond(quorum, fetch, fetched({ records: voters }))
  t.same(quorum.voters.map(({ id }) => id), [2, 7])
  t.same(quorum.votersAt(12n), { voters: quorum.voters, kraftVersion: 1 })
  t.same(quorum.votersAt(10n), { voters: undefined, kraftVersion: 0 })
  const [next] = sends(quorum.flushed(12n, 0, 0))
  respond(quorum, next as Effect, fetched({ divergingEpoch: { epoch: 4, endOffset: 10n } }))
  t.same(quorum.voters.map(({ id }) => id), [1, 2, 3], 'cut off, they never were')
})

t.test('a fetch that taught nothing is sent again after a pause', async t => {
  const { quorum, fetch } = follower()
  const refused = fetched({ errorCode: code.NOT_LEADER_OR_FOLLOWER })
  t.same(respond(quorum, fetch, refused, 10), [])
  t.equal(quorum.deadline(), 30)
  t.match(quorum.tick(30), [{ do: 'send', api: 'Fetch', to: 2 }])
})

t.test('D21.1: a leader describes its quorum', async t => {
  const { quorum } = leader()
  quorum.flushed(11n, 0, 1000)
  ask(quorum, 'Fetch', fetchRequest(2, at(11n, 5)), 1100)
  ask(quorum, 'Fetch', fetchRequest(9, at(2n, 1)), 1200)
  t.match(quorum.describe(1300), {
    leaderId: 1,
    epoch: 5,
    highWatermark: 11n,
    voters: [
      { id: 1, logEndOffset: 11n, lastFetchMs: 1300, lastCaughtUpMs: 1300 },
      { id: 2, logEndOffset: 11n, lastFetchMs: 1100, lastCaughtUpMs: 1100 },
      { id: 3, logEndOffset: -1n, lastFetchMs: -1, lastCaughtUpMs: -1 },
    ],
    observers: [{ id: 9, logEndOffset: 2n, lastFetchMs: 1200, lastCaughtUpMs: -1 }],
  })
  quorum.tick(400_000)
  t.equal(quorum.describe(400_000), undefined, 'it has resigned since')
})
