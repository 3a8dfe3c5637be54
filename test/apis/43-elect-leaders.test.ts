/** ElectLeaders over the wire (D16); its decider has tests of its own. */
import t from 'tap'
import { ElectLeaders } from '../../protocol/messages/43-elect-leaders.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { assign, denyAll, registerFenced } from '../support/second-broker.ts'

type Asked = Array<[topic: string, ...partitions: number[]]> | null

function elect (
  client: RawClient, version: number, electionType: number, asked: Asked, timeoutMs = 1000
) {
  const topicPartitions = asked === null
    ? null
    : asked.map(([topic, ...partitions]) => ({ topic, partitions }))
  return client.request(ElectLeaders, version, { electionType, topicPartitions, timeoutMs })
}

type Answer = Awaited<ReturnType<typeof elect>>
const rowsOf = ({ replicaElectionResults }: Answer) =>
  replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId, errorCode, errorMessage }) => [`${topic}-${partitionId}`, errorCode, errorMessage]))

const DENIED = 'Cluster authorization failed.'
const NOT_NEEDED = 'Leader election not needed for topic partition.'

t.test('ElectLeaders, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 2)
  await registerFenced(raw, 7)
  await assign(raw, 'away', [[7, 1]])
  for (let version = 0; version <= 2; version++) {
    const answer = await elect(client, version, 0, [['a', 0, 0, 9], ['gone', 0], ['away', 0]])
    t.same(rowsOf(answer), [
      ['a-0', 84, NOT_NEEDED],
      ['a-0', 84, NOT_NEEDED],
      ['a-9', 3, 'No such partition as a-9'],
      ['gone-0', 3, 'No such topic as gone'],
      ['away-0', 80, 'The preferred leader was not available.'],
    ], `D16.2-3 v${version}`)
    t.match(answer, { errorCode: 0, throttleTimeMs: 0 })
    t.same((await elect(client, version, 0, [])).replicaElectionResults, [], 'D16.2: nothing asked')
    t.same((await elect(client, version, 0, null)).replicaElectionResults.map((
      { topic, partitionResult }
    ) =>
      [topic, partitionResult.map(({ errorCode }) => errorCode)]), [['a', []], ['away', [80]]],
    'D16.2: all, without those that need none')
    const late = await elect(client, version, 0, [['a', 0]], 0)
    t.same(rowsOf(late), [['a-0', 7, null]], 'D0.8')
    t.equal(late.errorCode, version === 0 ? 0 : 7)
    if (version === 0) {
      t.same(rowsOf(await elect(client, 0, 9, [['a', 0]])), [['a-0', 84, NOT_NEEDED]], 'D16.1: v0 knows one kind')
      continue
    }
    t.same(rowsOf(await elect(client, version, 1, [['a', 0], ['away', 0]])),
      [['a-0', 84, NOT_NEEDED], ['away-0', 84, NOT_NEEDED]], 'D16.3: who leads needs no unclean election')
    const unknown = await elect(client, version, 9, [['a', 0]])
    t.match(unknown, { errorCode: 42 }, 'D16.1')
    t.same(rowsOf(unknown), [['a-0', 42, 'Unknown election type 9']])
    t.match(await elect(client, version, 9, null), { errorCode: 42, replicaElectionResults: [] })
    t.match(await elect(client, version, 9, []), { errorCode: 0, replicaElectionResults: [] }, 'nothing is asked for')
  }
  denyAll(raw)
  for (let version = 0; version <= 2; version++) {
    const denied = await elect(client, version, 0, [['a', 0, 1]])
    t.same(rowsOf(denied), [['a-0', 31, DENIED], ['a-1', 31, DENIED]], `D16.1 v${version}`)
    t.equal(denied.errorCode, version === 0 ? 0 : 31)
    t.same((await elect(client, version, 0, null)).replicaElectionResults, [])
  }
})
