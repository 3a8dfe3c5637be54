/** DescribeCluster and InitProducerId over the wire (D4, correctness 2.6). */
import t from 'tap'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { DescribeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import { describeCluster } from '../../src/apis/60-describe-cluster.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('DescribeCluster', async t => {
  const raw = await RawBroker.start(t, { 'broker.rack': 'r' })
  const client = await raw.client()
  const { nodeId, clusterId } = raw.broker
  for (let version = 0; version <= 2; version++) {
    const ask = (endpointType: number, operations = false) => client.request(DescribeCluster, version,
      { includeClusterAuthorizedOperations: operations, endpointType, includeFencedBrokers: false })
    t.same(await ask(1), {
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      endpointType: 1,
      clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, host: '127.0.0.1', port: raw.port, rack: 'r', isFenced: false }],
      clusterAuthorizedOperations: -2147483648,
    }, `v${version}`)
    t.equal((await ask(1, true)).clusterAuthorizedOperations, 8096)
    if (version === 0) continue
    t.match(await ask(2), { errorCode: 114, brokers: [] }, 'D4.1: controllers are elsewhere')
    t.match(await ask(9), { errorCode: 115, errorMessage: 'Unsupported endpoint type 9' }, 'D4.1')
  }
  const node = (nodeId: number, fenced: boolean) => ({ nodeId, host: 'h', port: 1, rack: null, fenced })
  const needs = {
    access: { allows: () => false }, clusterId: 'c', endpoints: { registered: () => [node(1, false), node(2, true)], controllerId: () => 1 },
  } as never
  const ids = async (includeFencedBrokers: boolean) => {
    const answer = await describeCluster.handle({ endpointType: 1, includeFencedBrokers, includeClusterAuthorizedOperations: true } as never,
      { version: 2, session: {} } as never, needs) as any
    t.equal(answer.clusterAuthorizedOperations, 0, 'D2.13: denied')
    return answer.brokers.map(({ brokerId, isFenced }: { brokerId: number, isFenced: boolean }) => `${brokerId}${isFenced ? ' fenced' : ''}`)
  }
  t.same(await ids(false), ['1'], 'D4.2')
  t.same(await ids(true), ['1', '2 fenced'], 'D4.2')
})

t.test('InitProducerId', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const seen = new Set<bigint>()
  const ask = (version: number, change: object = {}) => client.request(InitProducerId, version,
    { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1, ...change })
  for (let version = 0; version <= 5; version++) {
    const { errorCode, producerId, producerEpoch } = await ask(version)
    t.same([errorCode, producerEpoch], [0, 0], `v${version}`)
    t.ok(producerId >= 0n && !seen.has(producerId), 'never the same again')
    seen.add(producerId)
    const batch = batchOf(['x'], { producerId, producerEpoch, baseSequence: 0 })
    t.same([await produce(client, 'topic', batch), await produce(client, 'topic', batch)].map(({ baseOffset }) => baseOffset),
      [BigInt(version), BigInt(version)], 'and it works: sent twice, there once')
  }
  t.equal((await ask(3, { producerId: 5n })).errorCode, 42, 'KIP-360: an id without an epoch')
  t.equal((await ask(3, { producerEpoch: 5 })).errorCode, 42)
  t.equal((await ask(4, { producerId: [...seen][0], producerEpoch: 0 })).errorCode, 0, 'without a transactional id: a new one')
  t.match(await ask(4, { transactionalId: '' }), { errorCode: 42, producerId: -1n, producerEpoch: -1 }, 'no name for a transactional id')
  const others = await Promise.all(Array.from({ length: 5 }, () => raw.client()))
  for (let round = 0; round < 300; round++) {
    const answers = await Promise.all(others.map(each => each.request(InitProducerId, 4,
      { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1 })))
    for (const { producerId } of answers) seen.add(producerId)
  }
  t.equal(seen.size, 6 + 1500, 'past the end of a block of a thousand, from many at once: all distinct')
})
