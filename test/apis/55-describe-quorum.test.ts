/** DescribeQuorum over the wire (D21.1). */
import t from 'tap'
import { DescribeQuorum } from '../../protocol/messages/55-describe-quorum.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import { denyAll } from '../support/second-broker.ts'

t.test('DescribeQuorum, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const { nodeId, quorum } = raw.broker
  const describe = (version: number, asked: Array<[topicName: string, ...partitions: number[]]>) =>
    client.request(DescribeQuorum, version, {
      topics: asked.map(([topicName, ...partitions]) =>
        ({ topicName, partitions: partitions.map(partitionIndex => ({ partitionIndex })) })),
    })
  const none = { leaderId: 0, leaderEpoch: 0, highWatermark: 0n, currentVoters: [], observers: [] }
  for (let version = 0; version <= 2; version++) {
    const times = version === 0 ? -1n : BigInt(START_MS)
    t.same(await describe(version, [['__cluster_metadata', 0]]), {
      errorCode: 0,
      errorMessage: '',
      topics: [{
        topicName: '__cluster_metadata',
        partitions: [{
          partitionIndex: 0,
          errorCode: 0,
          errorMessage: '',
          leaderId: nodeId,
          leaderEpoch: 1,
          highWatermark: quorum.highWatermark,
          currentVoters: [{
            replicaId: nodeId,
            replicaDirectoryId: ZERO_UUID,
            logEndOffset: quorum.endOffset,
            lastFetchTimestamp: times,
            lastCaughtUpTimestamp: times,
          }],
          observers: [],
        }],
      }],
      nodes: version >= 2 ? [{ nodeId, listeners: [] }] : [],
    }, `v${version}`)
    const errorMessage = version >= 2 ? 'This server does not host this topic-partition.' : ''
    const unknown = (partitionIndex: number) =>
      ({ partitionIndex, errorCode: 3, errorMessage, ...none })
    t.same(await describe(version, [['__cluster_metadata', 1, 0], ['a']]), {
      errorCode: 0,
      errorMessage: '',
      topics: [
        { topicName: '__cluster_metadata', partitions: [unknown(1), unknown(0)] }, { topicName: 'a', partitions: [] },
      ],
      nodes: [],
    }, 'anything but the one partition')
    t.same((await describe(version, [['a', 0]])).topics, [{ topicName: 'a', partitions: [unknown(0)] }])
    t.same((await describe(version, [['__cluster_metadata', 1]])).topics[0]?.partitions, [unknown(1)])
    t.same((await describe(version, [])).topics, [])
  }
  Object.assign(quorum, { describe: () => undefined })
  t.match(await describe(2, [['__cluster_metadata', 0]]), {
    errorCode: 0,
    topics: [{ partitions: [{ ...none, errorCode: 6, errorMessage: /not the current leader/ }] }],
    nodes: [],
  }, 'another node leads')
  denyAll(raw)
  for (let version = 0; version <= 2; version++) {
    t.match(await describe(version, [['__cluster_metadata', 0]]),
      { errorCode: 31, errorMessage: version >= 2 ? 'Cluster authorization failed.' : '', topics: [], nodes: [] })
  }
})
