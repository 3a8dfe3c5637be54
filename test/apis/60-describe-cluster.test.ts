/** DescribeCluster over the wire (D4). */
import t from 'tap'
import { DescribeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import { describeCluster } from '../../src/apis/60-describe-cluster.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('DescribeCluster', async t => {
  const raw = await RawBroker.start(t, { 'broker.rack': 'r' })
  const client = await raw.client()
  const { nodeId, clusterId } = raw.broker
  for (let version = 0; version <= 2; version++) {
    const ask = (endpointType: number, operations = false) =>
      client.request(DescribeCluster, version,
        {
          includeClusterAuthorizedOperations: operations, endpointType, includeFencedBrokers: false,
        })
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
    const request =
      { endpointType: 1, includeFencedBrokers, includeClusterAuthorizedOperations: true } as never
    const answer =
      await describeCluster.handle(request, { version: 2, session: {} } as never, needs) as any
    t.equal(answer.clusterAuthorizedOperations, 0, 'D2.13: denied')
    return answer.brokers.map(({ brokerId, isFenced }: { brokerId: number, isFenced: boolean }) => `${brokerId}${isFenced ? ' fenced' : ''}`)
  }
  t.same(await ids(false), ['1'], 'D4.2')
  t.same(await ids(true), ['1', '2 fenced'], 'D4.2')
})
