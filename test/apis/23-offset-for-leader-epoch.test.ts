/** OffsetForLeaderEpoch over the wire (D8). */
import t from 'tap'
import { OffsetForLeaderEpoch } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import { offsetForLeaderEpoch as handler } from '../../src/apis/23-offset-for-leader-epoch.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

interface Options { version?: number, topic?: string, index?: number, currentLeaderEpoch?: number }

/** The one row as [error, epoch, end]. */
async function ask (client: RawClient, leaderEpoch: number, options: Options = {}) {
  const { version = 4, topic = 'a', index = 0, currentLeaderEpoch = -1 } = options
  const { topics } = await client.request(OffsetForLeaderEpoch, version, {
    replicaId: -1,
    topics: [{ topic, partitions: [{ partition: index, currentLeaderEpoch, leaderEpoch }] }],
  })
  const row = topics[0]?.partitions[0]
  return [row?.errorCode, row?.leaderEpoch, row?.endOffset]
}

t.test('where each epoch ends', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a')
  const partition = raw.partition('a')
  const led = partition.leadership as NonNullable<typeof partition.leadership>
  partition.lead({ ...led, leaderEpoch: 2 })
  await produce(client, 'a', batchOf(['a', 'b']))
  partition.lead({ ...led, leaderEpoch: 5 })
  await produce(client, 'a', batchOf(['c']))
  const cases: Array<[epoch: number, found: number, end: bigint]> = [
    [-1, -1, -1n], [0, 0, 0n], [1, 1, 0n], [2, 2, 2n], [3, 2, 2n], [4, 2, 2n], [5, 5, 3n],
    [6, -1, -1n],
    [2 ** 31 - 1, -1, -1n],
  ]
  for (const [epoch, found, end] of cases) {
    t.same(await ask(client, epoch), [0, found, end], `D8.3: ${epoch}`)
    for (let version = 0; version <= 3; version++) {
      t.same(await ask(client, epoch, { version }), [0, version >= 1 ? found : -1, end], `v${version}: ${epoch}`)
    }
  }
  t.same(await ask(client, 5, { currentLeaderEpoch: 5, version: 2 }), [0, 5, 3n], 'clients 6.17')
  t.same(await ask(client, 5, { currentLeaderEpoch: 4 }), [74, -1, -1n], 'FENCED_LEADER_EPOCH')
  t.same(await ask(client, 5, { currentLeaderEpoch: 6 }), [75, -1, -1n], 'UNKNOWN_LEADER_EPOCH')
  t.same(await ask(client, 5, { topic: 'none' }), [3, -1, -1n])
  t.same(await ask(client, 5, { index: 1 }), [3, -1, -1n])
  partition.lead({ ...led, leaderId: 9, leaderEpoch: 6 })
  t.same(await ask(client, 5), [6, -1, -1n], 'D8.2: not the leader')
  t.same(await ask(client, 5, { currentLeaderEpoch: 5 }), [74, -1, -1n], 'D8.2: the epoch is looked at first')
})

t.test('D8.1: no right to', async t => {
  const body = { topics: ['a', 'b'].map(topic => ({ topic, partitions: [{ partition: 1, currentLeaderEpoch: -1, leaderEpoch: 0 }] })) } as never
  const needs = (allows: (operation: string, name: string) => boolean) => ({
    access: { allows: (_client: unknown, operation: string, _type: string, name: string) =>
      allows(operation, name) },
    replicas: { find: () => undefined },
    metadata: { topics: { partition: (topic: string) => topic === 'b' ? {} : undefined } },
  }) as never
  const call = { version: 4, session: {} } as never
  const topics = [{ topic: 'b', partitions: [{ errorCode: 6 }] }, { topic: 'a', partitions: [{ partition: 1, errorCode: 29 }] }]
  t.match(await handler.handle(body, call, needs((operation, name) => operation === 'describe' && name === 'b')), { topics },
    'refused rows stand behind the others; one that is known and not here has no leader here')
  t.match(await handler.handle(body, call, needs(operation => operation === 'clusterAction')),
    { topics: [{ partitions: [{ errorCode: 3 }] }, { partitions: [{ errorCode: 6 }] }] }, 'brokers may ask for all')
  t.match(handler.failed?.(body, { errorCode: 7 } as never, call), { topics: [{ partitions: [{ errorCode: 7 }] }, {}] }, 'D0.2')
})
