/** ListPartitionReassignments over the wire (D17.5). */
import t from 'tap'
import { AlterPartitionReassignments } from '../../protocol/messages/45-alter-partition-reassignments.ts'
import { ListPartitionReassignments } from '../../protocol/messages/46-list-partition-reassignments.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { denyAll, registerFenced } from '../support/second-broker.ts'

t.test('ListPartitionReassignments', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 2)
  await raw.topic('b', 1)
  const list = (
    topics: Array<{ name: string, partitionIndexes: number[] }> | null, timeoutMs = 1000
  ) =>
    client.request(ListPartitionReassignments, 0, { timeoutMs, topics })
  const idle = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics: [] }
  t.same(await list(null), idle, 'nothing moves')
  await registerFenced(raw, 7)
  await client.request(AlterPartitionReassignments, 1, {
    timeoutMs: 1000, topics: [{ name: 'a', partitions: [{ partitionIndex: 1, replicas: [1, 7] }] }],
  })
  const running = [{
    name: 'a',
    partitions: [
      { partitionIndex: 1, replicas: [1, 7], addingReplicas: [7], removingReplicas: [] },
    ],
  }]
  t.same((await list(null)).topics, running, 'D17.5: null is all that run')
  t.same((await list([{ name: 'b', partitionIndexes: [0] }, { name: 'a', partitionIndexes: [0, 1, 9] },
    { name: 'gone', partitionIndexes: [0] }])).topics, running, 'D17.5: idle and unknown ones are left out')
  t.same(await list([]), idle, 'D17.5: an empty list is nothing')
  t.same((await list(null, 0)).topics, running, 'its timeout has no effect')
  denyAll(raw)
  t.match(await list(null), { errorCode: 31, topics: [] })
})
