/** ISR changes, elections, the ELR, reassignment's end and added partitions, rule by rule. */
import t from 'tap'
import { entry } from '../../../protocol/stored/framing.ts'
import { FeatureLevelRecord } from '../../../protocol/stored/metadata-settings.ts'
import { PartitionChangeRecord } from '../../../protocol/stored/metadata-topics.ts'
import { alterPartition } from '../../../src/core/controller/alter-partition.ts'
import { fenceExpired } from '../../../src/core/controller/brokers.ts'
import { createPartitions } from '../../../src/core/controller/create-partitions.ts'
import type { AlterTopicAccess } from '../../../src/core/controller/create-partitions.ts'
import {
  balanceLeaders, electLeaders, electUncleanLeaders,
} from '../../../src/core/controller/elections.ts'
import { Cluster, SESSION_TIMEOUT_MS, idOf } from '../../support/metadata-cluster.ts'

interface IsrWish {
  leaderEpoch?: number
  partitionEpoch?: number
  recovery?: number
  epochs?: Record<number, bigint>
  topicId?: string
  index?: number
  brokerEpoch?: bigint
}

/** As the leader of a-0 asks; everything as it is unless said otherwise. */
function askIsr (cluster: Cluster, brokerId: number, isr: number[], wish: IsrWish = {}) {
  const topic = cluster.image.topics.find('a')!
  const partition = topic.partitions[wish.index ?? 0] ?? topic.partitions[0]!
  const { epoch } = cluster.image.brokers.get(brokerId) ?? { epoch: 0n }
  const reply = cluster.commit(alterPartition({
    brokerId,
    brokerEpoch: wish.brokerEpoch ?? epoch,
    topics: [{
      topicId: wish.topicId ?? topic.id,
      topicName: '',
      partitions: [{
        partitionIndex: wish.index ?? 0,
        leaderEpoch: wish.leaderEpoch ?? partition.leaderEpoch,
        newIsr: [],
        newIsrWithEpochs: isr.map(id => ({
          brokerId: id,
          brokerEpoch: wish.epochs?.[id] ?? cluster.image.brokers.get(id)?.epoch ?? -1n,
        })),
        leaderRecoveryState: wish.recovery ?? partition.leaderRecoveryState,
        partitionEpoch: wish.partitionEpoch ?? partition.partitionEpoch,
      }],
    }],
  }, 3, cluster))
  return reply.errorCode !== undefined ? reply.errorCode : reply.topics[0]!.partitions[0]!
}

function change (cluster: Cluster, index: number, fields: object): void {
  const { id: topicId } = cluster.image.topics.find('a')!
  cluster.append([entry(PartitionChangeRecord, 2, { topicId, partitionId: index, ...fields })])
}

t.test('R 2.2.3: which ISR changes are refused, in which order', async t => {
  const cluster = new Cluster().start(1, 2, 3, 4).assign('a', [[1, 2, 3]])
  cluster.heartbeat(3, { wantFence: true })
  const { partitionEpoch } = cluster.image.topics.partition('a', 0)!
  const cases: Array<[name: string, brokerId: number, isr: number[], wish: IsrWish,
    errorCode: number]> = [
      ['stale broker', 1, [1], { brokerEpoch: 999n }, 77],
      ['topic', 1, [1], { topicId: idOf(9) }, 100],
      ['partition', 1, [1], { index: 7 }, 3],
      ['leader epoch from the future', 1, [1], { leaderEpoch: 5 }, 41],
      ['partition epoch from the future', 1, [1], { partitionEpoch: partitionEpoch + 1 }, 41],
      ['old leader epoch', 1, [1], { leaderEpoch: -1 }, 74],
      ['not the leader', 2, [1, 2], {}, 42],
      ['old partition epoch', 1, [1], { partitionEpoch: partitionEpoch - 1 }, 95],
      ['without the leader', 1, [2], {}, 42],
      ['empty', 1, [], {}, 42],
      ['no replica', 1, [1, 4], {}, 42],
      ['twice', 1, [1, 1], {}, 42],
      ['recovering again', 1, [1], { recovery: 1 }, 42],
      ['no such state', 1, [1], { recovery: 7 }, 42],
      ['fenced', 1, [1, 2, 3], {}, 107],
      ['another process', 1, [1, 2], { epochs: { 2: 999n } }, 107],
    ]
  for (const [name, brokerId, isr, wish, errorCode] of cases) {
    const before = cluster.nextOffset
    const row = askIsr(cluster, brokerId, isr, wish)
    t.equal(typeof row === 'number' ? row : row.errorCode, errorCode, name)
    t.equal(cluster.nextOffset, before, `${name} writes nothing`)
  }
})

t.test('R 2.2.4: an accepted change raises the partition epoch alone', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1, 2, 3]])
  t.same(askIsr(cluster, 1, [1, 2]), {
    partitionIndex: 0,
    errorCode: 0,
    leaderId: 1,
    leaderEpoch: 0,
    isr: [1, 2],
    leaderRecoveryState: 0,
    partitionEpoch: 1,
  })
  t.match(askIsr(cluster, 1, [1, 2]), { errorCode: 0, partitionEpoch: 1 }, 'nothing new is not written')
  t.match(askIsr(cluster, 1, [1, 2, 3]), { isr: [1, 2, 3], partitionEpoch: 2 })
  t.match(cluster.image.topics.partition('a', 0), { isr: [1, 2, 3], leaderEpoch: 0, partitionEpoch: 2 })
})

t.test('R 2.2.3: version 2 knows no broker epochs', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2]])
  const { id: topicId } = cluster.image.topics.find('a')!
  const { records, reply } = alterPartition({
    brokerId: 1,
    brokerEpoch: cluster.image.brokers.get(1)!.epoch,
    topics: [{
      topicId,
      topicName: '',
      partitions: [{
        partitionIndex: 0, leaderEpoch: 0, newIsr: [1], newIsrWithEpochs: [],
        leaderRecoveryState: 0, partitionEpoch: 0,
      }],
    }],
  }, 2, cluster)
  t.equal(records.length, 1)
  t.match(reply.topics[0]?.partitions[0], { errorCode: 0, isr: [1] })
})

t.test('R 2.4.3: who leaves an ISR below its minimum stays electable until it is met again', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1, 2, 3]], { 'min.insync.replicas': '2' })
  const steps: Array<[isr: number[], elr: number[]]> = [
    [[1, 2], []], [[1], [2]], [[1, 3], []], [[1], [3]], [[1, 2, 3], []],
  ]
  for (const [isr, elr] of steps) {
    askIsr(cluster, 1, isr)
    t.match(cluster.image.topics.partition('a', 0), { isr, elr }, isr.join())
    t.equal(cluster.image.topics.partition('a', 0)!.elr.length, elr.length)
  }
})

t.test('R 2.4.1: with an empty ISR the ELR leads; without any the last known leader, recovering', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2]], { 'min.insync.replicas': '2' })
  const facts = () => cluster.image.topics.partition('a', 0)
  cluster.heartbeat(2, { wantFence: true })
  t.match(facts(), { isr: [1], elr: [2], leader: 1 })
  cluster.heartbeat(1, { wantFence: true })
  t.match(facts(), { isr: [], leader: -1, lastKnownElr: [1] })
  t.same([...facts()!.elr].sort(), [1, 2])
  cluster.heartbeat(2)
  t.match(facts(), { isr: [2], elr: [1], leader: 2, lastKnownElr: [], leaderRecoveryState: 0 })
})

t.test('R 2.4.2: without the ELR the last member of the ISR stays', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2]])
  cluster.append([entry(FeatureLevelRecord, 0,
    { name: 'eligible.leader.replicas.version', featureLevel: 0 })])
  cluster.heartbeat(1, { wantFence: true })
  t.match(cluster.image.topics.partition('a', 0), { isr: [2], leader: 2 })
  cluster.heartbeat(2, { wantFence: true })
  t.match(cluster.image.topics.partition('a', 0), { isr: [2], leader: -1, elr: [] })
  cluster.heartbeat(1)
  t.match(cluster.image.topics.partition('a', 0), { leader: -1 }, 'it may miss what was acknowledged')
  cluster.heartbeat(2)
  t.match(cluster.image.topics.partition('a', 0), { leader: 2, isr: [2] })
})

t.test('R 2.4.1: an unclean leader is alone in the ISR and must recover', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2], [1, 2]])
  const facts = () => cluster.image.topics.partition('a', 0)
  askIsr(cluster, 1, [1])
  cluster.heartbeat(1, { wantFence: true })
  t.match(facts(), { leader: -1, isr: [], elr: [1] })
  t.same(electUncleanLeaders(cluster), { records: [], reply: false }, 'not unless the topic allows it')
  const wish = { electionType: 1, topicPartitions: [{ topic: 'a', partitions: [0, 1] }], timeoutMs: 1 }
  t.match(cluster.commit(electLeaders(wish, cluster)).replicaElectionResults[0]?.partitionResult, [
    { partitionId: 0, errorCode: 0, errorMessage: null },
    { partitionId: 1, errorCode: 84, errorMessage: 'Leader election not needed for topic partition.' },
  ], 'D16.3: by request it works all the same')
  t.match(facts(), { leader: 2, isr: [2], elr: [], leaderRecoveryState: 1, leaderEpoch: 2 })
  t.match(askIsr(cluster, 2, [2, 1], { recovery: 1 }), { errorCode: 42 }, 'nobody joins while it recovers')
  t.match(askIsr(cluster, 2, [2], { recovery: 0 }), { errorCode: 0, leaderRecoveryState: 0 })
})

t.test('R 2.4.1: unclean.leader.election.enable elects by itself', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2]], { 'unclean.leader.election.enable': 'true' })
  askIsr(cluster, 1, [1])
  cluster.monotonicMs = SESSION_TIMEOUT_MS
  cluster.heartbeat(2)
  cluster.commit(fenceExpired(cluster)!)
  t.match(cluster.image.topics.partition('a', 0), { leader: 2, isr: [2], leaderRecoveryState: 1 })
  const late = new Cluster().start(1, 2).assign('a', [[1, 2]])
  askIsr(late, 1, [1])
  late.heartbeat(1, { wantFence: true })
  late.settings = { ...late.settings, uncleanLeaderElectionEnable: true }
  t.equal(late.commit(electUncleanLeaders(late)), false)
  t.match(late.image.topics.partition('a', 0), { leader: 2, leaderRecoveryState: 1 })
})

t.test('D16: elections that are asked for', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1, 2], [2, 1], [3, 1]])
  cluster.heartbeat(1, { wantFence: true })
  cluster.heartbeat(1)
  const ask = (
    electionType: number, topicPartitions: Array<{ topic: string, partitions: number[] }> | null
  ) =>
    cluster.commit(electLeaders({ electionType, topicPartitions, timeoutMs: 1 }, cluster))
  t.match(ask(2, [{ topic: 'a', partitions: [0] }]), {
    errorCode: 42,
    replicaElectionResults: [{ partitionResult: [{ errorCode: 42, errorMessage: 'Unknown election type 2' }] }],
  })
  t.match(ask(0, [{ topic: 'a', partitions: [0, 1, 9] }, { topic: 'b', partitions: [0] }]), {
    errorCode: undefined,
    replicaElectionResults: [{
      topic: 'a',
      partitionResult: [
        { partitionId: 0, errorCode: 80, errorMessage: 'The preferred leader was not available.' },
        { partitionId: 1, errorCode: 84 },
        { partitionId: 9, errorCode: 3, errorMessage: 'No such partition as a-9' },
      ],
    }, { partitionResult: [{ errorCode: 3, errorMessage: 'No such topic as b' }] }],
  })
  t.same(ask(0, []).replicaElectionResults, [])
  t.match(ask(0, null).replicaElectionResults,
    [{ partitionResult: [{ partitionId: 0, errorCode: 80 }] }],
    'D16.2: all, without those that need none')
  askIsr(cluster, 2, [1, 2])
  t.match(ask(0, null).replicaElectionResults,
    [{ partitionResult: [{ partitionId: 0, errorCode: 0 }] }])
  t.match(cluster.image.topics.partition('a', 0), { leader: 1, leaderEpoch: 2 })
})

t.test('R 2.4.6: leaders go back to where they belong', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2], [1, 2]])
  cluster.heartbeat(1, { wantFence: true })
  cluster.heartbeat(1)
  askIsr(cluster, 2, [1, 2], { index: 1 })
  t.equal(cluster.commit(balanceLeaders(cluster)), false)
  t.match(cluster.image.topics.find('a')?.partitions, [{ leader: 2 }, { leader: 1, isr: [1, 2] }])
  t.equal(balanceLeaders(cluster).records.length, 0, 'the other one is not in the ISR yet')
})

t.test('R 2.9, D17.4: a reassignment ends when the new ones are in sync', async t => {
  const cluster = new Cluster().start(1, 2, 3).assign('a', [[1, 2], [1, 2]])
  change(cluster, 0, {
    replicas: [2, 3, 1],
    addingReplicas: [3],
    removingReplicas: [1],
    directories: [idOf(2002), idOf(9), idOf(2001)],
  })
  t.match(askIsr(cluster, 1, [1, 2]), { errorCode: 0 })
  t.match(cluster.image.topics.partition('a', 0), { replicas: [2, 3, 1], addingReplicas: [3] })
  t.match(askIsr(cluster, 1, [1, 2, 3]), { errorCode: 108 }, 'written, but this leader is out')
  t.match(cluster.image.topics.partition('a', 0), {
    replicas: [2, 3],
    isr: [2, 3],
    addingReplicas: [],
    removingReplicas: [],
    leader: 2,
    leaderEpoch: 1,
    directories: [idOf(2002), idOf(9)],
  })
  // The leader stays, but replica 2 is gone: the leader epoch fences it (R 2.9.2).
  change(cluster, 1, { replicas: [1, 3, 2], addingReplicas: [3], removingReplicas: [2] })
  t.match(askIsr(cluster, 1, [1, 2, 3], { index: 1 }),
    { errorCode: 0, leaderId: 1, leaderEpoch: 1, isr: [1, 3] })
})

t.test('D11: adding partitions, and how it is refused', async t => {
  const cluster = new Cluster().start(1, 2).assign('a', [[1, 2], [2, 1]])
  cluster.register(3)
  type Wish = [name: string, count: number, assignments?: number[][]]
  const ask = (wishes: Wish[], access?: AlterTopicAccess, validateOnly = false) =>
    cluster.commit(createPartitions({
      topics: wishes.map(([name, count, assignments]) => ({
        name, count, assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null,
      })),
      timeoutMs: 1,
      validateOnly,
    }, cluster, access)).results
  const manual = 'The manual partition assignment includes'
  const cases: Array<[wish: Wish, errorCode: number, errorMessage: string | null]> = [
    [['b', 3], 3, null],
    [['a', 2], 37, 'Topic already has 2 partition(s).'],
    [['a', 1], 37, 'The topic a currently has 2 partition(s); 1 would not be an increase.'],
    [['a', 4, [[1, 2]]], 39, 'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.'],
    [['a', 3, [[1]]], 39, `${manual} a partition with 1 replica(s), but this is not consistent with previous partitions, which have 2 replica(s).`],
    [['a', 3, [[1, 9]]], 39, `${manual} broker 9, but no such broker is registered.`],
  ]
  for (const [wish, errorCode, errorMessage] of cases) {
    t.same(ask([wish]), [{ name: wish[0], errorCode, errorMessage }])
  }
  t.match(ask([['a', 3], ['a', 4], ['c', 1]], { mayAlter: name => name !== 'c' }), [
    { name: 'a', errorCode: 42, errorMessage: 'Duplicate topic name.' },
    { name: 'c', errorCode: 29, errorMessage: null },
  ])
  t.match(ask([['a', 5]], { admit: count => count < 3 }), [{ errorCode: 89, errorMessage: null }])
  t.match(ask([['a', 5]], {}, true), [{ errorCode: 0 }])
  t.equal(cluster.image.topics.find('a')?.partitions.length, 2)
  const tooMany = { errorCode: 44, errorMessage: 'Unable to perform excessively large batch operation.' }
  for (const count of [10_003, 2 ** 31 - 1]) {
    t.match(ask([['b', 1], ['a', count]]), [{ name: 'b', ...tooMany }, { name: 'a', ...tooMany }], `D0.7: ${count}`)
  }
  t.match(ask([['a', 10_002]], {}, true), [{ errorCode: 0 }], 'D0.7: as many as a request may write')
  t.match(ask([['a', 3, [[3, 2]]]]), [{ errorCode: 0, errorMessage: null }])
  t.match(cluster.image.topics.partition('a', 2), { replicas: [3, 2], isr: [2], leader: 2, leaderEpoch: 0 })
  t.match(ask([['a', 6]]), [{ errorCode: 0 }])
  t.equal(cluster.image.topics.find('a')?.partitions.length, 6)
  for (const id of [1, 2]) cluster.heartbeat(id, { wantFence: true })
  t.match(ask([['a', 7]]), [{
    errorCode: 38, errorMessage: 'All brokers are currently fenced, or have all their log directories cordoned.',
  }], 'without the words that CreateTopics has')
})

t.test('whatever happens to brokers, partitions stay in order', async t => {
  for (let seed = 1; seed <= 25; seed++) {
    const cluster = new Cluster(seed).start(1, 2, 3, 4)
    cluster.assign('a', [[1, 2, 3], [2, 3, 4], [3, 4, 1], [4, 1, 2]], { 'min.insync.replicas': '2' })
    cluster.assign('b', [[1, 2], [2, 1], [4, 3]], seed % 2 === 0 ? { 'unclean.leader.election.enable': 'true' } : {})
    const below = (limit: number): number => Math.floor(cluster.random() * limit)
    const leaving = (id: number): boolean => cluster.image.brokers.get(id)!.inControlledShutdown
    for (let step = 0; step < 150; step++) {
      const before =
        new Map([...cluster.image.topics].map(({ name, partitions }) => [name, [...partitions]]))
      const id = 1 + below(4)
      switch (below(6)) {
        // Who once wanted to stop wants it until its process ends.
        case 0: cluster.heartbeat(id, { wantFence: true, wantShutDown: leaving(id) }); break
        case 1: cluster.heartbeat(id, { wantShutDown: leaving(id) }); break
        case 2: cluster.heartbeat(id, { wantShutDown: true }); break
        case 3:
          cluster.monotonicMs += SESSION_TIMEOUT_MS
          cluster.register(id, {
            incarnationId: idOf(3000 + step),
            previousBrokerEpoch: below(2) === 0 ? cluster.image.brokers.get(id)!.epoch : -1n,
          })
          break
        case 4: {
          const index = below(4)
          const { leader, isr, replicas } = cluster.image.topics.partition('a', index)!
          const live = replicas.filter(it => cluster.image.brokers.isActive(it))
          if (leader !== -1) {
            const wanted = below(2) === 0 ? live : isr.filter(it => it === leader)
            askIsr(cluster, leader, wanted, { index, recovery: 0 })
          }
          break
        }
        default: cluster.commit(balanceLeaders(cluster))
      }
      for (const { name, partitions } of cluster.image.topics) {
        for (const [
          index, { leader, isr, elr, replicas, leaderEpoch, partitionEpoch },
        ] of partitions.entries()) {
          const was = before.get(name)![index]!
          const what = `seed ${seed}, step ${step}, ${name}-${index}`
          const holds =
            (leader === -1 || (isr.includes(leader) && cluster.image.brokers.isActive(leader))) &&
            isr.every(it => replicas.includes(it) && cluster.image.brokers.isActive(it)) &&
            elr.every(it => replicas.includes(it) && !isr.includes(it)) &&
            leaderEpoch >= was.leaderEpoch && partitionEpoch >= was.partitionEpoch &&
            (leader === was.leader || leaderEpoch > was.leaderEpoch)
          if (!holds) t.fail(what, { partition: partitions[index], was })
        }
      }
    }
    t.pass(`seed ${seed}`)
  }
})
