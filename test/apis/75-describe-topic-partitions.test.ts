/** DescribeTopicPartitions over the wire (D3). */
import t from 'tap'
import { DescribeTopicPartitions } from '../../protocol/messages/75-describe-topic-partitions.ts'
import type { DescribeTopicPartitionsResponse } from '../../protocol/messages/75-describe-topic-partitions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { describeTopicPartitions as handler } from '../../src/apis/75-describe-topic-partitions.ts'
import { groupClient } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { assign, registerFenced } from '../support/second-broker.ts'

type Cursor = [topicName: string, partitionIndex: number]

function ask (client: RawClient, names: string[], responsePartitionLimit = 2000, cursor?: Cursor) {
  return client.request(DescribeTopicPartitions, 0, {
    topics: names.map(name => ({ name })),
    responsePartitionLimit,
    cursor: cursor === undefined ? null : { topicName: cursor[0], partitionIndex: cursor[1] },
  })
}

/** Each topic as `name:error:indexes`, then the cursor. */
function told ({ topics, nextCursor }: DescribeTopicPartitionsResponse): string {
  const rows = topics.map(({ name, errorCode, partitions }) =>
    `${name}:${errorCode}:${partitions.map(({ partitionIndex }) => partitionIndex).join('')}`)
  const next = nextCursor === null || nextCursor === undefined ? [] : [`> ${nextCursor.topicName} ${nextCursor.partitionIndex}`]
  return [...rows, ...next].join(' ')
}

t.test('pages of topics', async t => {
  const raw = await RawBroker.start(t)
  for (const [name, count] of [['c', 1], ['a', 3], ['b', 2]] as const) await raw.topic(name, count)
  const client = await raw.client()
  const cases: Array<[rule: string, names: string[], limit: number, cursor: Cursor | undefined,
    expected: string]> = [
      ['1', [], 2000, undefined, 'a:0:012 b:0:01 c:0:0'],
      ['1', ['c', 'a', 'c'], 2000, undefined, 'a:0:012 c:0:0'],
      ['2', [], 2, undefined, 'a:0:01 > a 2'],
      ['2', [], 2, ['a', 2], 'a:0:2 b:0:0 > b 1'],
      ['2', [], 2, ['b', 1], 'b:0:1 c:0:0'],
      ['2', [], 3, undefined, 'a:0:012 > b 0'],
      ['2', ['a', 'b', 'none'], 5, undefined, 'a:0:012 b:0:01 > none 0'],
      ['2', ['a'], 3, undefined, 'a:0:012'],
      ['2', [], 0, undefined, 'a:0:0 > a 1'],
      ['2', [], -7, ['c', 0], 'c:0:0'],
      ['1', [], 2, ['bb', 1], 'c:0:0'],
      ['2', ['b'], 2000, ['b', 9], 'b:0:'],
      ['3', ['none', 'a b', 'a', 'b'], 3, undefined, 'a:0:012 > a b 0'],
      ['3', ['none', 'a b', 'c'], 1, undefined, 'a b:17: c:0:0 > none 0'],
      ['3', ['none', 'c'], 2, ['none', 1], 'none:3:'],
      ['1', ['b'], 2000, ['a', 0], 'b:42:'],
      ['1', ['b', 'c'], 2000, ['b', -1], 'b:42: c:42:'],
      ['1', [], 2000, ['b', -1], ''],
    ]
  for (const [rule, names, limit, cursor, expected] of cases) {
    t.equal(told(await ask(client, names, limit, cursor)), expected, `D3.${rule}: ${names} ${limit} ${cursor}`)
  }
  const small = await RawBroker.start(t, { 'max.request.partition.size.limit': 2 })
  await small.topic('a', 3)
  t.equal(told(await ask(await small.client(), [])), 'a:0:01 > a 2', 'D3.2: the broker has a limit of its own')
})

t.test('each field', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('a')
  const client = await groupClient(raw)
  const row = { topicAuthorizedOperations: 3576, isInternal: false }
  const partition = {
    errorCode: 0,
    partitionIndex: 0,
    leaderId: 1,
    leaderEpoch: 0,
    replicaNodes: [1],
    isrNodes: [1],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    offlineReplicas: [],
  }
  t.same((await ask(client, ['a', 'none'])).topics, [
    { ...row, errorCode: 0, name: 'a', topicId, partitions: [partition] },
    { ...row, errorCode: 3, name: 'none', topicId: ZERO_UUID, partitions: [] },
  ])
  t.match((await ask(client, ['__consumer_offsets'], 1)).topics, [{ isInternal: true, partitions: [{}] }])
  t.equal(raw.broker.metadata.topics.find('none'), undefined, 'D3.4: nothing is created')
  await registerFenced(raw, 2)
  await assign(raw, 'away', [[1, 2]])
  t.match((await ask(client, ['away'])).topics[0]?.partitions, [{ replicaNodes: [1, 2], isrNodes: [1], offlineReplicas: [2], leaderId: 1 }])
})

t.test('D3.3: no right to', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  await raw.topic('b')
  const needs = {
    ...raw.broker, access: { allows: (_client: unknown, _operation: string, _type: string, name: string) => name === 'b' },
  } as never
  const call = { session: { listener: 'PLAINTEXT' } } as never
  const body = (names: string[]) =>
    ({ topics: names.map(name => ({ name })), responsePartitionLimit: 1, cursor: null }) as never
  t.match(await handler.handle(body(['a', 'b', 'c']), call, needs), {
    topics: [
      { name: 'b', errorCode: 0, partitions: [{}] },
      { name: 'a', errorCode: 29, topicId: ZERO_UUID, partitions: [] }, { name: 'c', errorCode: 29, topicId: ZERO_UUID },
    ],
  }, 'behind the others, and none of the limit')
  t.match(await handler.handle(body([]), call, needs), { topics: [{ name: 'b' }] }, 'of all, what may not be seen is left out')
})
