/**
 * A start reads nothing of the partitions' logs: whatever is asked first of one, a client sees what
 * it saw before the broker was stopped. Each request has a topic of its own, so that it is the
 * first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteRecords } from '../../protocol/messages/21-delete-records.ts'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { OffsetForLeaderEpoch } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import { DescribeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import { DescribeProducers } from '../../protocol/messages/61-describe-producers.ts'
import { startBroker } from '../../src/index.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawClient } from '../support/raw-client.ts'

type Ask = (client: RawClient, topic: string, producerId: bigint) => Promise<unknown>

const listed = (version: number, timestamp: bigint): Ask =>
  (client, name) => client.request(ListOffsets, version, {
    replicaId: -1,
    isolationLevel: 1,
    topics: [{
      name,
      partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 5 }],
    }],
  })

const fetched = (version: number, isolationLevel: number): Ask => async (client, topic) => {
  const answer = await client.request(Fetch, version, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel,
    topics: [
      { topic, partitions: [{ partition: 0, fetchOffset: 1n, partitionMaxBytes: 1 << 20 }] },
    ],
  })
  return answer.responses.map(
    row => row.partitions.map(({ records, ...facts }) => [facts, records?.length])
  )
}

const asks: ReadonlyMap<string, Ask> = new Map<string, Ask>([
  ['latest', listed(3, -1n)],
  ['earliest', listed(5, -2n)],
  ['by-time', listed(5, 1n)],
  ['greatest-time', listed(7, -3n)],
  ['segments', listed(0, -1n)],
  ['committed', fetched(11, 1)],
  ['uncommitted', fetched(4, 0)],
  ['epoch', (client, topic) => client.request(OffsetForLeaderEpoch, 4, {
    replicaId: -1,
    topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
  })],
  ['producers', (client, name) => client.request(DescribeProducers, 0, { topics: [{ name, partitionIndexes: [0] }] })],
  ['directories', async (client, topic) => {
    const { results } =
      await client.request(DescribeLogDirs, 2, { topics: [{ topic, partitions: [0] }] })
    return results.map(({ errorCode, topics }) => [errorCode, topics])
  }],
  ['deleted', (client, name) => client.request(DeleteRecords, 2,
    { topics: [{ name, partitions: [{ partitionIndex: 0, offset: 1n }] }], timeoutMs: 1000 })],
  ['duplicate', (client, topic, producerId) => produce(client, topic, batchOf(['c'], { producerId, producerEpoch: 0, baseSequence: 2 }))],
])

t.test('whatever is asked first after a start is answered as before', async t => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'ottla-first-asked-'))
  t.teardown(() => { rmSync(dataDirectory, { recursive: true, force: true }) })
  const first = await startBroker({ dataDirectory })
  const client = await RawClient.connect(first.port)
  const { producerId } =
    await client.request(InitProducerId, 5, { transactionalId: null, transactionTimeoutMs: 1000 })
  const one = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const topics = [...asks.keys()].map(name => ({ ...one, name }))
  await client.request(CreateTopics, 5, { topics, timeoutMs: 30_000 })
  const before = new Map<string, unknown>()
  for (const [topic, ask] of asks) {
    await produce(client, topic, batchOf(['a', 'b'], { producerId, producerEpoch: 0, baseSequence: 0 }))
    await produce(client, topic, batchOf(['c'], { producerId, producerEpoch: 0, baseSequence: 2 }))
    before.set(topic, await ask(client, topic, producerId))
  }
  client.end()
  await first.stop()
  const second = await startBroker({ dataDirectory })
  t.teardown(() => second.stop())
  const again = await RawClient.connect(second.port)
  for (const [topic, ask] of asks) {
    t.same(await ask(again, topic, producerId), before.get(topic), topic)
  }
  again.end()
})
