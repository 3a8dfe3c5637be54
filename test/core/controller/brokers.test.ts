/** Registration, heartbeats, fencing and controlled shutdown, rule by rule (2.5). */
import t from 'tap'
import { entry } from '../../../protocol/stored/framing.ts'
import { PartitionChangeRecord } from '../../../protocol/stored/metadata-topics.ts'
import { allocateProducerIds } from '../../../src/core/controller/producer-ids.ts'
import { fenceExpired, unregisterBroker } from '../../../src/core/controller/brokers.ts'
import {
  registerBroker, registerController, unregisterController,
} from '../../../src/core/controller/registration.ts'
import { Cluster, SESSION_TIMEOUT_MS, idOf } from '../../support/metadata-cluster.ts'

t.test('R 2.5.2-3: a registration answers where it stands in the log, and starts fenced', async t => {
  const cluster = new Cluster()
  const epoch = cluster.nextOffset
  t.match(cluster.register(1), { errorCode: undefined, brokerEpoch: epoch })
  t.match(cluster.image.brokers.get(1), { epoch, fenced: true, logDirs: [idOf(2001)] })
  t.equal(cluster.log.at(-1)?.version, 4, 'the record version of metadata.version 33')
  t.match(cluster.register(1), { brokerEpoch: epoch }, 'the same process keeps its epoch')
  cluster.heartbeat(1)
  cluster.register(1)
  t.equal(cluster.image.brokers.get(1)?.fenced, false, 'and stays unfenced')
})

t.test('R 2.5.3: registrations that are refused', async t => {
  const cluster = new Cluster().start(1)
  type Options = Parameters<Cluster['registration']>[1]
  const metadata = { name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 33 }
  const elr = { name: 'eligible.leader.replicas.version', minSupportedVersion: 0, maxSupportedVersion: 1 }
  const cases: Array<[name: string, brokerId: number, options: Options, errorCode: number,
    text: RegExp]> = [
      ['cluster', 2, { clusterId: 'other' }, 104, /^Expected cluster ID testtest\w+, but got cluster ID other$/],
      ['live session', 1, { incarnationId: idOf(5) }, 101, /^Another broker is registered with that broker id\. /],
      ['zookeeper', 2, { isMigratingZkBroker: true }, 102, /^Controller does not support registering ZK brokers\.$/],
      ['no directory', 2, { logDirs: [] }, 119, /^No directories specified in request$/],
      ['reserved', 2, { logDirs: ['AAAAAAAAAAAAAAAAAAAAYw'] }, 119, /^Reserved directory ID in request$/],
      ['twice', 2, { logDirs: [idOf(3), idOf(3)] }, 119, /^Duplicate directory ID in request$/],
      ['another\'s', 2, { logDirs: [idOf(2001)] }, 119, new RegExp(`^Broker 1 is already registered with directory ${idOf(2001)}$`)],
      ['too old', 2, { features: [{ ...metadata, maxSupportedVersion: 30 }, elr] }, 35,
        /^Unable to register because the broker does not support finalized version 33 of metadata\.version\. The broker wants a version between 7 and 30, inclusive\.$/],
      ['no ELR', 2, { features: [metadata] }, 35, /version 1 of eligible.*between 0 and 0, inclusive\.$/],
      ['no metadata.version', 2, { features: [elr] }, 119, /^Request features do not contain 'metadata.version'$/],
    ]
  for (const [name, brokerId, options, errorCode, text] of cases) {
    const { records, reply, problem } =
      registerBroker(cluster.registration(brokerId, options), cluster)
    t.match({ records, reply }, { records: [], reply: { errorCode, brokerEpoch: -1n } }, name)
    t.match(problem, text, name)
  }
})

t.test('R 2.5.3: another process takes over when the session is over, or if it is this node\'s own', async t => {
  const cluster = new Cluster().start(1)
  cluster.monotonicMs = SESSION_TIMEOUT_MS - 1
  t.match(cluster.register(1, { incarnationId: idOf(5) }), { errorCode: 101 })
  cluster.monotonicMs = SESSION_TIMEOUT_MS
  t.match(cluster.register(1, { incarnationId: idOf(5) }), { errorCode: undefined })
  t.match(cluster.image.brokers.get(1), { incarnationId: idOf(5), fenced: true })
  const own = new Cluster().start(100)
  t.match(own.register(100, { incarnationId: idOf(5) }), { errorCode: undefined })
})

t.test('R 2.4.4: after an unclean shutdown a broker is in no ISR and no ELR', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.assign('a', [[1, 2, 3], [2, 1, 3]])
  cluster.monotonicMs = SESSION_TIMEOUT_MS
  for (const id of [2, 3]) cluster.heartbeat(id)
  cluster.register(1, { incarnationId: idOf(5) })
  t.match(cluster.image.topics.find('a')?.partitions, [
    { isr: [2, 3], leader: 2, leaderEpoch: 1, partitionEpoch: 1 },
    { isr: [2, 3], leader: 2, leaderEpoch: 0, partitionEpoch: 1 },
  ])
  t.ok(cluster.image.brokers.get(1)!.epoch < cluster.lastOffset, 'the epoch is where the batch begins')
})

t.test('R 2.4.4: the last replica counts for nothing without proof of a clean end', async t => {
  for (const clean of [true, false]) {
    const cluster = new Cluster().start(1)
    cluster.assign('a', [[1]])
    const before = cluster.image.brokers.get(1)!.epoch
    cluster.heartbeat(1, { wantFence: true })
    t.match(cluster.image.topics.partition('a', 0), { isr: [], leader: -1, elr: [1], lastKnownElr: [1] })
    cluster.monotonicMs = SESSION_TIMEOUT_MS
    cluster.register(1, { incarnationId: idOf(5), previousBrokerEpoch: clean ? before : -1n })
    t.same(cluster.image.topics.partition('a', 0)?.elr, clean ? [1] : [], `clean ${clean}`)
    cluster.heartbeat(1)
    // R 2.4.1: out of the ELR, or as the last known leader: then it has to recover first.
    t.match(cluster.image.topics.partition('a', 0),
      { leader: 1, isr: [1], elr: [], lastKnownElr: [], leaderRecoveryState: clean ? 0 : 1 })
  }
})

t.test('R 2.5.5: a broker is unfenced once it has applied its own registration', async t => {
  const cluster = new Cluster()
  cluster.register(1)
  const { epoch } = cluster.image.brokers.get(1)!
  const cases: Array<[offset: bigint, wantFence: boolean, expected: object]> = [
    [epoch - 1n, false, { isCaughtUp: false, isFenced: true, shouldShutDown: false }],
    [epoch, true, { isCaughtUp: true, isFenced: true, shouldShutDown: false }],
    [epoch, false, { isCaughtUp: true, isFenced: false, shouldShutDown: false }],
    [epoch - 1n, false, { isCaughtUp: false, isFenced: false, shouldShutDown: false }],
    [epoch, true, { isCaughtUp: true, isFenced: true, shouldShutDown: false }],
  ]
  for (const [currentMetadataOffset, wantFence, expected] of cases) {
    t.match(cluster.heartbeat(1, { currentMetadataOffset, wantFence }), expected)
    t.equal(cluster.image.brokers.get(1)?.fenced, (expected as { isFenced: boolean }).isFenced)
  }
  t.match(cluster.heartbeat(1, { brokerEpoch: epoch + 1n }),
    { errorCode: 77, shouldShutDown: false })
  t.match(cluster.heartbeat(2), { errorCode: 77 })
})

t.test('R 2.5.4: who is silent too long is fenced, and leads nothing in the same batch', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.assign('a', [[1, 2, 3], [2, 3, 1]])
  cluster.monotonicMs = SESSION_TIMEOUT_MS - 1
  for (const id of [2, 3]) cluster.heartbeat(id)
  t.equal(fenceExpired(cluster), undefined)
  cluster.monotonicMs = SESSION_TIMEOUT_MS
  const decision = fenceExpired(cluster)!
  t.same(decision.reply, { brokerId: 1 })
  t.same(decision.records.map(({ record, version }) => [record.name, version]), [
    ['PartitionChangeRecord', 2], ['PartitionChangeRecord', 2], ['BrokerRegistrationChangeRecord', 0],
  ])
  cluster.commit(decision)
  t.match(cluster.image.topics.find('a')?.partitions, [
    { isr: [2, 3], leader: 2, leaderEpoch: 1, partitionEpoch: 1 },
    { isr: [2, 3], leader: 2, leaderEpoch: 0, partitionEpoch: 1 },
  ])
  t.equal(fenceExpired(cluster), undefined)
  t.match(cluster.heartbeat(1), { isFenced: false })
  t.match(cluster.image.topics.find('a')?.partitions, [{ isr: [2, 3] }, { isr: [2, 3] }],
    'its leader must ask for it to be in the ISR again')
})

t.test('R 2.5.4: a broker whose heartbeat waits for the controller is not silent', async t => {
  const cluster = new Cluster().start(1, 2)
  const { sessions, image } = cluster
  const { epoch } = image.brokers.get(1)!
  cluster.monotonicMs = 2000
  const first = sessions.arrived(1, epoch, cluster.monotonicMs)
  const ofEarlierProcess =
    sessions.arrived(2, image.brokers.get(2)!.epoch - 1n, cluster.monotonicMs)
  cluster.monotonicMs = 60_000
  t.equal(sessions.firstExpired(image, cluster.monotonicMs), 2, 'an earlier process does not speak for it')
  t.ok(sessions.isLive(1, epoch, cluster.monotonicMs))
  cluster.commit(fenceExpired(cluster)!)
  t.equal(fenceExpired(cluster), undefined)
  sessions.answered(first, cluster.monotonicMs)
  sessions.answered(ofEarlierProcess, cluster.monotonicMs)
  cluster.monotonicMs += SESSION_TIMEOUT_MS - 1
  t.equal(fenceExpired(cluster), undefined, 'it has its whole session for the next one')
  cluster.monotonicMs += 1
  t.match(fenceExpired(cluster)?.reply, { brokerId: 1 })
})

t.test('R 2.5.4: nobody was silent while the controller stood still', async t => {
  const cluster = new Cluster().start(1, 2)
  const { sessions } = cluster
  cluster.monotonicMs = 3000
  cluster.heartbeat(2)
  // It wanted to look at 4000 and comes to it a minute later.
  cluster.monotonicMs = 64_000
  sessions.resume(4000, cluster.monotonicMs)
  t.equal(fenceExpired(cluster), undefined)
  cluster.monotonicMs += SESSION_TIMEOUT_MS - 4000
  t.match(fenceExpired(cluster)?.reply, { brokerId: 1 }, 'what came before counts')
  cluster.heartbeat(1)
  cluster.heartbeat(2)
  sessions.resume(cluster.monotonicMs - 20_000, cluster.monotonicMs)
  cluster.monotonicMs += SESSION_TIMEOUT_MS
  t.ok(fenceExpired(cluster), 'nobody is heard of in the future')
})

t.test('R 2.5.4: a new active controller gives every broker a fresh session', async t => {
  const cluster = new Cluster().start(1, 2)
  cluster.monotonicMs = 100_000
  cluster.sessions.activate(cluster.image, cluster.monotonicMs)
  t.equal(fenceExpired(cluster), undefined)
  cluster.monotonicMs += SESSION_TIMEOUT_MS
  t.match(fenceExpired(cluster)?.reply, { brokerId: 1 })
})

t.test('R 2.5.6: a controlled shutdown moves leaders and waits until all have seen it', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.assign('a', [[1, 2], [2, 1]])
  const before = cluster.lastOffset
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { isFenced: false, shouldShutDown: false })
  t.match(cluster.image.brokers.get(1), { inControlledShutdown: true, fenced: false })
  t.match(cluster.image.topics.find('a')?.partitions, [{ leader: 2, isr: [2] }, { leader: 2, isr: [2] }])
  cluster.heartbeat(2)
  cluster.heartbeat(3, { currentMetadataOffset: before })
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { shouldShutDown: false }, 'broker 3 lags')
  cluster.heartbeat(1, { wantShutDown: true, cordonedLogDirs: [idOf(2001)] })
  t.match(cluster.image.brokers.get(1), { inControlledShutdown: true, cordonedLogDirs: [idOf(2001)] }, 'other changes leave it')
  cluster.heartbeat(3)
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { isFenced: true, shouldShutDown: true })
  t.equal(cluster.image.brokers.get(1)?.fenced, true)
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { shouldShutDown: true })
  t.match(cluster.heartbeat(3, { wantShutDown: true }), { shouldShutDown: true }, 'it led nothing')
})

t.test('a single broker may stop at once, though nobody can take over', async t => {
  const cluster = new Cluster().start(1)
  cluster.assign('a', [[1]])
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { shouldShutDown: false })
  t.match(cluster.image.topics.partition('a', 0), { leader: -1, isr: [], elr: [1] })
  t.match(cluster.heartbeat(1, { wantShutDown: true }), { shouldShutDown: true })
})

t.test('KIP-858: replicas in a directory that went offline lose ISR and leadership', async t => {
  const cluster = new Cluster()
  cluster.register(1, { logDirs: [idOf(1), idOf(2)] })
  cluster.start(2)
  cluster.heartbeat(1)
  cluster.assign('a', [[1, 2], [2, 1]])
  const topicId = cluster.image.topics.find('a')!.id
  cluster.append([entry(PartitionChangeRecord, 2,
    { topicId, partitionId: 0, directories: [idOf(1), idOf(2002)] })])
  cluster.heartbeat(1, { offlineLogDirs: [idOf(1), idOf(9)] })
  t.same(cluster.image.brokers.get(1)?.logDirs, [idOf(2)])
  t.match(cluster.image.topics.find('a')?.partitions, [{ leader: 2, isr: [2] }, { leader: 2, isr: [2, 1] }])
  cluster.heartbeat(1, { offlineLogDirs: [idOf(1)], cordonedLogDirs: [idOf(2)] })
  t.same(cluster.image.brokers.get(1)?.cordonedLogDirs, [idOf(2)])
  const offset = cluster.lastOffset
  cluster.heartbeat(1, { offlineLogDirs: [idOf(1)], cordonedLogDirs: [idOf(2)] })
  t.equal(cluster.lastOffset, offset, 'nothing new is not written')
})

t.test('D23.3: unregistering takes a live broker out of everything', async t => {
  const cluster = new Cluster().start(1, 2)
  cluster.assign('a', [[1, 2]])
  t.same(cluster.commit(unregisterBroker({ brokerId: 1 }, cluster)), { errorMessage: null })
  t.notOk(cluster.image.brokers.get(1))
  t.match(cluster.image.topics.partition('a', 0), { leader: 2, isr: [2] })
  t.same(unregisterBroker({ brokerId: 1 }, cluster).reply,
    { errorCode: 102, errorMessage: 'Broker ID 1 is not currently registered' })
})

t.test('KIP-730: producer ids come in blocks of a thousand, never twice', async t => {
  const cluster = new Cluster().start(1)
  const brokerEpoch = cluster.image.brokers.get(1)!.epoch
  for (const producerIdStart of [0n, 1000n, 2000n]) {
    t.same(cluster.commit(allocateProducerIds({ brokerId: 1, brokerEpoch }, cluster)),
      { producerIdStart, producerIdLen: 1000 })
  }
  t.match(allocateProducerIds({ brokerId: 1, brokerEpoch: 999n }, cluster),
    { records: [], reply: { errorCode: 77 } })
})

t.test('KIP-919, KIP-1312: controllers register, and leave when they vote no more', async t => {
  const cluster = new Cluster()
  cluster.commit(registerController({
    controllerId: 7,
    incarnationId: idOf(7),
    zkMigrationReady: false,
    listeners: [{ name: 'CONTROLLER', host: 'h', port: 9093, securityProtocol: 0 }],
    features: [{ name: 'kraft.version', minSupportedVersion: 0, maxSupportedVersion: 1 }],
  }))
  t.match(cluster.image.controllers.get(7), { endpoints: [{ name: 'CONTROLLER', port: 9093 }] })
  const cases: Array<[controllerId: number, voterIds: number[], expected: object]> = [
    [7, [7], { errorCode: 42, errorMessage: 'Cannot unregister controller 7 because it is part of the voter set.' }],
    [8, [7], { errorCode: 136, errorMessage: 'Controller ID 8 is not currently registered.' }],
    [7, [1], { errorMessage: null }],
  ]
  for (const [controllerId, voterIds, expected] of cases) {
    t.match(cluster.commit(unregisterController({ controllerId }, voterIds, cluster)), expected)
  }
  t.notOk(cluster.image.controllers.get(7))
})
