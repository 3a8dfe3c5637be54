/**
 * What the client does with answers that are no success: members, producers and fetches, without a
 * broker.
 */
import t from 'tap'
import { codec } from '../../protocol/codec.ts'
import { Writer } from '../../protocol/cursor.ts'
import { code, KafkaError } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { baseSequence } from '../../protocol/records/header.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../../protocol/stored/payloads.ts'
import type { Api } from '../../protocol/types.ts'
import type { Client } from '../../src/client/client.ts'
import { fetchDefaults, fetchFrom } from '../../src/client/fetcher.ts'
import { GroupMember, memberDefaults, rangeOf, readVersioned } from '../../src/client/group-member.ts'
import { Producer } from '../../src/client/producer.ts'

type Answer = (request: any) => object

/** A client whose brokers answer one request after the other as they are told. */
function clientOf (...script: Array<[api: Api, answer: Answer]>): { client: Client, asked: any[] } {
  const asked: any[] = []
  const answer = async (api: Api, request: unknown): Promise<object> => {
    const [expected, reply] = script.shift() ?? []
    if (expected !== api || reply === undefined) throw new Error(`nobody expects ${api.name}`)
    asked.push(request)
    return reply(request)
  }
  const client = {
    retrying: (run: () => Promise<unknown>) => run(),
    coordinator: (_group: string, api: Api, request: unknown) => answer(api, request),
    broker: (_id: number, api: Api, request: unknown) => answer(api, request),
  }
  return { client: client as unknown as Client, asked }
}

function subscription (...topics: string[]): Buffer {
  const writer = new Writer()
  writer.int16(1)
  codec(ConsumerProtocolSubscription, 1).write(writer, { topics, ownedPartitions: [] })
  return writer.toBuffer()
}

const options = { groupId: 'g', topic: 'a', ...memberDefaults }

function joined (memberId: string, fields: object = {}): Answer {
  return () => ({ errorCode: 0, memberId, generationId: 1, leader: 'another', skipAssignment: false, protocolName: 'range', members: [], ...fields })
}

const NOTHING: Answer = () => ({ errorCode: 0, assignment: Buffer.alloc(0) })

t.test('a member that was thrown out joins without its id, one that only rebalances with it', async t => {
  for (const [errorCode, next] of [[code.UNKNOWN_MEMBER_ID, ''], [code.REBALANCE_IN_PROGRESS, 'm'], [code.ILLEGAL_GENERATION, 'm']] as const) {
    const { client, asked } = clientOf(
      [JoinGroup, joined('m')], [SyncGroup, NOTHING], [Heartbeat, () => ({ errorCode })], [JoinGroup, joined('n')], [SyncGroup, NOTHING])
    const member = new GroupMember(client, options)
    t.same(await member.join(3), [])
    t.equal(await member.heartbeat(), false)
    await member.join(3)
    t.same([asked[0].memberId, asked[3].memberId, asked[4].memberId], ['', next, 'n'])
  }
  const { client } = clientOf([JoinGroup, joined('m')], [SyncGroup, NOTHING], [Heartbeat, () => ({ errorCode: code.FENCED_INSTANCE_ID })])
  const member = new GroupMember(client, options)
  await member.join(1)
  await t.rejects(member.heartbeat(), { message: /FENCED_INSTANCE_ID/ }, 'what joining does not cure')
})

t.test('the leader assigns to those who read its topic', async t => {
  const members = [['n', subscription('b')], ['m', subscription('b', 'a')], ['l', subscription('a')]]
    .map(([memberId, metadata]) => ({ memberId, metadata, groupInstanceId: null }))
  const { client, asked } = clientOf([JoinGroup, joined('m', { leader: 'm', members })], [SyncGroup, NOTHING])
  await new GroupMember(client, options).join(5)
  t.same(asked[1].assignments.map((
    { memberId, assignment }: { memberId: string, assignment: Buffer }
  ) =>
    [memberId, readVersioned(ConsumerProtocolAssignment, assignment).assignedPartitions]),
  [['l', [{ topic: 'a', partitions: [0, 1, 2] }]], ['m', [{ topic: 'a', partitions: [3, 4] }]]])
})

t.test('ranges: each partition once, in order, the first members one more', async t => {
  const cases: Array<[members: string[], count: number, ranges: number[][]]> = [
    [['b', 'a'], 3, [[0, 1], [2]]], [['a', 'b', 'c'], 5, [[0, 1], [2, 3], [4]]], [['a', 'b', 'c'], 2, [[0], [1], []]],
    [['a', 'b'], 4, [[0, 1], [2, 3]]], [['a'], 0, [[]]], [[], 3, []],
  ]
  for (const [members, count, ranges] of cases) {
    t.same(rangeOf(members, count).map(({ partitions }) => partitions), ranges, `${members.length} members, ${count} partitions`)
  }
})

t.test('a partition whose error passes leaves the others, one whose error stays is told', async t => {
  const fetched = (...errorCodes: number[]) => {
    const partitions = errorCodes.map((errorCode, partitionIndex) =>
      ({ partitionIndex, errorCode, records: null, highWatermark: 7n }))
    return clientOf([Fetch, () => ({ errorCode: 0, responses: [{ partitions }] })])
  }
  const from = async (client: Client) =>
    await fetchFrom(client, 1, { name: 'a', topicId: 'a' }, new Map([[0, 0n], [1, 0n], [2, 0n]]), fetchDefaults)
  const { partitions, isStale } = await from(fetched(0, code.NOT_LEADER_OR_FOLLOWER, 0).client)
  t.same([partitions.map(({ partition }) => partition), isStale], [[0, 2], true])
  t.equal((await from(fetched(0, 0, 0).client)).isStale, false)
  await t.rejects(from(fetched(0, code.TOPIC_AUTHORIZATION_FAILED, 0).client), { message: /TOPIC_AUTHORIZATION_FAILED/ })
})

/**
 * A client whose one topic is led by one broker after another, and which answers a Produce with
 * these codes.
 */
function producing (leaders: number[], errorCodes: number[]) {
  const asked: number[] = []
  const sequences: number[] = []
  let described = 0
  const partition = { leaderEpoch: 0, replicas: [], isr: [], offline: [] }
  const retrying = async (run: () => Promise<unknown>): Promise<unknown> => {
    for (;;) {
      try {
        return await run()
      } catch (error) {
        if (!(error instanceof KafkaError && error.errorCode === code.NOT_LEADER_OR_FOLLOWER)) {
          throw error
        }
      }
    }
  }
  const request = async (_api: Api, _version: number, { topicData }: any): Promise<object> => {
    sequences.push(baseSequence(topicData[0].partitionData[0].records))
    const answer = { errorCode: errorCodes.shift() ??
      code.NONE, baseOffset: 3n, errorMessage: null, recordErrors: [] }
    return { responses: [{ partitionResponses: [answer] }] }
  }
  const client = {
    retrying,
    any: async () => ({ errorCode: 0, producerId: 5n, producerEpoch: 0 }),
    describe: async () => {
      const leaderId = leaders[described++]
      const partitions = [0, 1].map(index => ({ ...partition, partition: index, leaderId }))
      return { topics: new Map([['a', { name: 'a', topicId: 'a', isInternal: false, partitions }]]) }
    },
    peer: async (leaderId: number) => {
      asked.push(leaderId)
      return { versions: { of: () => 12 }, connection: { request } }
    },
  }
  const producer = new Producer(client as unknown as Client, { acks: -1, codec: 'none' })
  return { producer, asked, sequences, described: () => described }
}

const record = { timestamp: 1n, key: null, value: Buffer.from('x') }

t.test('a producer that is told of another leader looks for it', async t => {
  const { NOT_LEADER_OR_FOLLOWER: elsewhere } = code
  const { producer, asked, described } = producing([1, 1, 2], [elsewhere, elsewhere])
  t.equal(await producer.send('a', 0, [record]), 3n)
  t.same([asked, described()], [[1, 1, 2], 3])
  await producer.send('a', 0, [record])
  t.equal(described(), 3, 'and believes it as long as it is right')
})

t.test('each partition has sequences of its own, and what was written before is written', async t => {
  const { producer, sequences } = producing([1], [code.NONE, code.DUPLICATE_SEQUENCE_NUMBER])
  await producer.send('a', 0, [record, record])
  t.equal(await producer.send('a', 0, [record]), 3n, 'its first answer was lost')
  await producer.send('a', 1, [record])
  await producer.send('a', 0, [record])
  t.same(sequences, [0, 2, 0, 3])
})
