/** Reassignments from begin to end, and directories of replicas (D17, 2.9, KIP-858). */
import t from 'tap'
import { assignReplicasToDirs } from '../../../src/core/controller/assign-directories.ts'
import { alterPartition } from '../../../src/core/controller/alter-partition.ts'
import {
  alterPartitionReassignments, listPartitionReassignments,
} from '../../../src/core/controller/reassignments.ts'
import { Cluster, idOf } from '../../support/metadata-cluster.ts'

function ask (cluster: Cluster, index: number, replicas: number[] | null, mayChangeFactor = true, name = 'a') {
  const reply = cluster.commit(alterPartitionReassignments({
    timeoutMs: 1,
    allowReplicationFactorChange: mayChangeFactor,
    topics: [{ name, partitions: [{ partitionIndex: index, replicas }] }],
  }, cluster))
  return reply.responses[0]!.partitions[0]!
}

/** The leader reports that these are in sync. */
function inSync (cluster: Cluster, index: number, isr: number[]): number | undefined {
  const { id: topicId, partitions } = cluster.image.topics.find('a')!
  const { leader, leaderEpoch, partitionEpoch, leaderRecoveryState } = partitions[index]!
  return cluster.commit(alterPartition({
    brokerId: leader,
    brokerEpoch: cluster.image.brokers.get(leader)!.epoch,
    topics: [{
      topicId,
      topicName: '',
      partitions: [{
        partitionIndex: index,
        leaderEpoch,
        partitionEpoch,
        leaderRecoveryState,
        newIsr: [],
        newIsrWithEpochs: isr.map(brokerId => ({ brokerId, brokerEpoch: -1n })),
      }],
    }],
  }, 3, cluster)).topics[0]?.partitions[0]?.errorCode
}

const list = (
  cluster: Cluster, topics: Array<{ name: string, partitionIndexes: number[] }> | null
) =>
  listPartitionReassignments({ timeoutMs: 1, topics }, cluster.image).topics

t.test('D17.3-5: begun, listed, done', async t => {
  const cluster = new Cluster().start(1, 2, 3, 4).assign('a', [[1, 2], [1, 2]])
  t.match(ask(cluster, 0, [3, 4]), { errorCode: 0, errorMessage: null })
  const running = {
    partitionIndex: 0, replicas: [3, 4, 1, 2], addingReplicas: [3, 4], removingReplicas: [1, 2],
  }
  t.same(list(cluster, null), [{ name: 'a', partitions: [running] }])
  t.same(list(cluster, [{ name: 'a', partitionIndexes: [0, 1, 9] }, { name: 'b', partitionIndexes: [0] }]),
    [{ name: 'a', partitions: [running] }])
  t.same(list(cluster, []), [])
  t.match(cluster.image.topics.partition('a', 0), {
    leader: 1, isr: [1, 2], leaderEpoch: 0,
    directories: [idOf(2003), idOf(2004), idOf(2001), idOf(2002)],
  })
  t.equal(inSync(cluster, 0, [1, 2, 3]), 0)
  t.equal(list(cluster, null).length, 1)
  t.equal(inSync(cluster, 0, [1, 2, 3, 4]), 108)
  t.match(cluster.image.topics.partition('a', 0),
    { replicas: [3, 4], isr: [3, 4], leader: 3, leaderEpoch: 1, directories: [idOf(2003),
      idOf(2004)] })
  t.same(list(cluster, null), [])
})

t.test('D17.3: a re-order is done at once, and what is there already writes nothing', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1, 2]])
  const before = cluster.nextOffset
  t.match(ask(cluster, 0, [1, 2]), { errorCode: 0 })
  t.equal(cluster.nextOffset, before)
  t.match(ask(cluster, 0, [2, 1]), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 0), { replicas: [2, 1], leader: 1, leaderEpoch: 0, addingReplicas: [] })
  t.match(ask(cluster, 0, [2]), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 0), { replicas: [2], isr: [2], leader: 2, removingReplicas: [] })
})

t.test('D17.3-4: a new request replaces a running one; fewer replicas wait for all targets', async t => {
  const cluster = new Cluster().start(1, 2, 3, 4).assign('a', [[1, 2, 3]])
  ask(cluster, 0, [1, 2, 4])
  t.match(ask(cluster, 0, [4, 1]), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 0),
    { replicas: [4, 1, 2, 3], addingReplicas: [], removingReplicas: [2, 3], isr: [1, 2, 3] })
  t.equal(inSync(cluster, 0, [1, 2, 3, 4]), 0)
  t.match(cluster.image.topics.partition('a', 0), { replicas: [4, 1], isr: [1, 4], leader: 1 })
})

t.test('D17.2: cancelled', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1], [1]])
  t.same(ask(cluster, 0, null), { partitionIndex: 0, errorCode: 85, errorMessage: null })
  ask(cluster, 0, [2, 3])
  t.match(ask(cluster, 0, null), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 0), { replicas: [1], isr: [1], leader: 1, addingReplicas: [], removingReplicas: [] })
  ask(cluster, 1, [2, 3])
  inSync(cluster, 1, [1, 2])
  cluster.heartbeat(1, { wantFence: true })
  t.match(cluster.image.topics.partition('a', 1), { isr: [2], leader: 2 })
  t.same(ask(cluster, 1, null), {
    partitionIndex: 1,
    errorCode: 39,
    errorMessage: 'Unable to revert partition assignment for a:1 because it would require an unclean leader election.',
  })
  cluster.settings = { ...cluster.settings, uncleanLeaderElectionEnable: true }
  t.match(ask(cluster, 1, null), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 1), { replicas: [1], leader: -1 })
})

t.test('D17.1-3: refused', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2]])
  const cases: Array<[index: number, replicas: number[], name: string, errorCode: number,
    text: string]> = [
      [0, [1], 'b', 3, 'Unable to find a topic named b.'],
      [7, [1], 'a', 3, 'Unable to find partition a:7.'],
      [0, [], 'a', 39, 'The manual partition assignment includes an empty replica list.'],
      [0, [9], 'a', 39, 'The manual partition assignment includes broker 9, but no such broker is registered.'],
      [0, [1], 'a', 38, 'The replication factor is changed from 2 to 1'],
    ]
  for (const [index, replicas, name, errorCode, errorMessage] of cases) {
    t.match(ask(cluster, index, replicas, false, name), { errorCode, errorMessage })
  }
})

t.test('KIP-858: replicas are put into directories, and out of the ISR if those are offline', async t => {
  const cluster = new Cluster()
  cluster.register(1, { logDirs: [idOf(1), idOf(2)] })
  cluster.heartbeat(1)
  cluster.start(2, 3).assign('a', [[1, 2], [1, 2]])
  const { id: topicId } = cluster.image.topics.find('a')!
  const put = (
    directory: string, partitions: number[], brokerId = 1, topic = topicId
  ) => cluster.commit(assignReplicasToDirs({
    brokerId,
    brokerEpoch: cluster.image.brokers.get(brokerId)?.epoch ?? 0n,
    directories: [{
      id: directory,
      topics: [
        { topicId: topic, partitions: partitions.map(partitionIndex => ({ partitionIndex })) },
      ],
    }],
  }, cluster))
  const codes = (reply: ReturnType<typeof put>) =>
    reply.directories[0]?.topics[0]?.partitions.map(it => it.errorCode)
  t.same(cluster.image.topics.partition('a', 0)?.directories, ['AAAAAAAAAAAAAAAAAAAAAQ', idOf(2002)])
  t.same(codes(put(idOf(2), [0, 9])), [0, 3])
  t.same(cluster.image.topics.partition('a', 0)?.directories, [idOf(2), idOf(2002)])
  t.same(codes(put(idOf(2), [0], 3)), [6], 'not its replica')
  t.same(codes(put(idOf(2), [0], 1, idOf(99))), [100])
  t.match(put(idOf(2), [0], 8), { errorCode: 77 })
  t.same(codes(put('AAAAAAAAAAAAAAAAAAAAAg', [1])), [0])
  t.match(cluster.image.topics.partition('a', 1), { leader: 2, isr: [2] })
})
