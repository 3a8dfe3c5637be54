/** AlterReplicaLogDirs over the wire (D14.3). */
import t from 'tap'
import { AlterReplicaLogDirs } from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { assign, denyAll, registerFenced } from '../support/second-broker.ts'

t.test('AlterReplicaLogDirs, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 2)
  await registerFenced(raw, 7)
  await assign(raw, 'away', [[1, 7]])
  const here = raw.broker.logDirectory.path
  type Wanted = Array<[path: string, topic: string, ...partitions: number[]]>
  const alter = async (version: number, wanted: Wanted) => {
    const { results, throttleTimeMs } = await client.request(AlterReplicaLogDirs, version,
      { dirs: wanted.map(
        ([path, name, ...partitions]) => ({ path, topics: [{ name, partitions }] })
      ) })
    t.equal(throttleTimeMs, 0)
    return results.flatMap(({ topicName, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [`${topicName}-${partitionIndex}`, errorCode]))
  }
  const long = 'x'.repeat(213)
  for (const version of [1, 2]) {
    t.same(await alter(version, [[here, 'a', 0, 1, 9], [here, 'gone', 0]]),
      [['a-0', 0], ['a-1', 0], ['a-9', 3], ['gone-0', 3]], `v${version}: where it is already`)
    t.same(await alter(version, [['/nowhere', 'a', 0], [`${here}/`, 'a', 1], ['/nowhere', 'gone', 0]]),
      [['a-0', 57], ['a-1', 57], ['gone-0', 57]], 'a directory that is not configured')
    t.same(await alter(version, [['/nowhere', `${long}x`, 0], [here, long, 0], [here, long, 10]]),
      [[`${long}x-0`, 17], [`${long}-0`, 3], [`${long}-10`, 17]], 'KAFKA-4893: the name comes first')
    t.same(await alter(version, [[here, 'a', 0], ['/nowhere', 'a', 0]]), [['a-0', 57]], 'D0.10: the last one counts')
    t.same(await alter(version, []), [])
  }
  const { find } = raw.broker.replicas
  Object.assign(raw.broker.replicas, { find: () => undefined })
  t.same(await alter(2, [[here, 'away', 0]]), [['away-0', 9]], 'a partition that is elsewhere')
  Object.assign(raw.broker.replicas, { find: () => ({ available: false }) })
  t.same(await alter(2, [[here, 'a', 0]]), [['a-0', 56]], 'a log that cannot be used')
  Object.assign(raw.broker.replicas, { find })
  const self = raw.broker.metadata.brokers.get(raw.broker.nodeId)
  Object.assign(self as object, { cordonedLogDirs: [raw.broker.logDirectory.id] })
  t.same(await alter(2, [[here, 'a', 0], ['/nowhere', 'a', 1]]), [['a-0', 39], ['a-1', 57]], 'KIP-1066')
  denyAll(raw)
  t.same(await alter(1, [[here, 'a', 0, 1], [here, 'gone', 0]]), [['a-0', 31], ['a-1', 31], ['gone-0', 31]])
})
