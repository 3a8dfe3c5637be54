/** AlterPartitionReassignments over the wire (D17); its decider has tests of its own. */
import t from 'tap'
import { AlterPartitionReassignments } from '../../protocol/messages/45-alter-partition-reassignments.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { denyAll, registerFenced } from '../support/second-broker.ts'

type Wanted = Array<[name: string, index: number, replicas: number[] | null]>

async function alter (
  client: RawClient, version: number, wanted: Wanted, mayChangeFactor = true, timeoutMs = 1000
) {
  const answer = await client.request(AlterPartitionReassignments, version, {
    timeoutMs,
    allowReplicationFactorChange: mayChangeFactor,
    topics: wanted.map(
      ([name, partitionIndex, replicas]) => ({ name, partitions: [{ partitionIndex, replicas }] })
    ),
  })
  const rows = answer.responses.flatMap(({ name, partitions }) => partitions.map(
    ({ partitionIndex, errorCode, errorMessage }) => [`${name}-${partitionIndex}`, errorCode, errorMessage]))
  return { answer, rows }
}

t.test('AlterPartitionReassignments, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 3)
  const partition = (index: number) => raw.broker.metadata.topics.partition('a', index)
  for (let version = 0; version <= 1; version++) {
    const { answer, rows } = await alter(client, version, [
      ['a', 0, [1]], ['a', 1, null], ['a', 7, [1]], ['a', 1, [1, 5]], ['a', 1, []], ['a', 1, [1, 1]], ['gone', 0, [1]],
    ])
    t.same(rows, [
      ['a-0', 0, null],
      ['a-1', 85, null],
      ['a-7', 3, 'Unable to find partition a:7.'],
      ['a-1', 39, 'The manual partition assignment includes broker 5, but no such broker is registered.'],
      ['a-1', 39, 'The manual partition assignment includes an empty replica list.'],
      ['a-1', 39, 'The manual partition assignment includes the broker 1 more than once.'],
      ['gone-0', 3, 'Unable to find a topic named gone.'],
    ], `D17.1-3 v${version}`)
    t.match(answer,
      { throttleTimeMs: 0, errorCode: 0, errorMessage: null, allowReplicationFactorChange: true })
    t.match((await alter(client, version, [])).answer, { errorCode: 0, errorMessage: '', responses: [] }, 'nothing is asked for')
    const late = await alter(client, version, [['a', 0, [1]]], true, 0)
    t.match(late.answer, { errorCode: 7, errorMessage: null }, 'D0.8')
    t.same(late.rows, [['a-0', 7, null]])
  }
  await registerFenced(raw, 7)
  const fixed = await alter(client, 1, [['a', 0, [1, 7]]], false)
  t.same(fixed.rows, [['a-0', 38, 'The replication factor is changed from 1 to 2']], 'KIP-860')
  t.equal(fixed.answer.allowReplicationFactorChange, false)
  for (let version = 0; version <= 1; version++) {
    t.same((await alter(client, version, [['a', version, [7]]])).rows, [[`a-${version}`, 0, null]], 'fenced is enough')
    t.match(partition(version), { replicas: [7, 1], addingReplicas: [7], removingReplicas: [1], leader: 1 }, 'D17.4')
    t.same((await alter(client, version, [['a', version, null]])).rows, [[`a-${version}`, 0, null]], 'D17.2')
    t.match(partition(version),
      { replicas: [1], addingReplicas: [], removingReplicas: [], isr: [1], leader: 1 })
  }
  denyAll(raw)
  const denied = await alter(client, 1, [['a', 0, [1]]])
  t.match(denied.answer, { errorCode: 31 })
})
