/** DescribeProducers over the wire (D15). */
import t from 'tap'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { DescribeProducers } from '../../protocol/messages/61-describe-producers.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import { assign, denyAll, registerFenced } from '../support/second-broker.ts'

const UNKNOWN = 'This server does not host this topic-partition.'

t.test('DescribeProducers', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 2)
  const { producerId } =
    await client.request(InitProducerId, 5, { transactionalId: null, transactionTimeoutMs: 1000 })
  const describe = async (...asked: Array<[name: string, ...partitionIndexes: number[]]>) => {
    const { topics, throttleTimeMs } = await client.request(DescribeProducers, 0,
      { topics: asked.map(([name, ...partitionIndexes]) => ({ name, partitionIndexes })) })
    t.equal(throttleTimeMs, 0)
    return topics.flatMap(({ name, partitions }) => partitions.map(
      ({ partitionIndex, errorCode, errorMessage, activeProducers }) =>
        ({ at: `${name}-${partitionIndex}`, errorCode, errorMessage, activeProducers })))
  }
  const producer = {
    producerId, producerEpoch: 0, coordinatorEpoch: -1, currentTxnStartOffset: -1n,
  }
  await produce(client, 'a', batchOf(['x', 'y'], { producerId, producerEpoch: 0, baseSequence: 0 }))
  await produce(client, 'a', batchOf(['z'], { producerId, producerEpoch: 0, baseSequence: 2 }))
  await produce(client, 'a', batchOf(['none'], {}))
  const row = (at: string, errorCode: number, errorMessage: string | null = null,
    activeProducers: object[] = []) =>
    ({ at, errorCode, errorMessage, activeProducers })
  t.same(await describe(['a', 0, 1, 9], ['gone', 0], ['no name', 0], ['', 0]), [
    row('a-0', 0, null, [{ ...producer, lastSequence: 2, lastTimestamp: BigInt(START_MS) }]),
    row('a-1', 0),
    row('a-9', 3),
    row('gone-0', 3, UNKNOWN),
    row('no name-0', 17, "Topic name is invalid: 'no name' contains one or more characters other than " +
      "ASCII alphanumerics, '.', '_' and '-'"),
    row('-0', 17, 'Topic name is invalid: the empty string is not allowed'),
  ])
  raw.partition('a', 1).state.producers.replayEnd({
    producerId: 9n, producerEpoch: 4, coordinatorEpoch: 3, committed: true, offset: 0n,
    timestamp: 5n,
  })
  t.match((await describe(['a', 1]))[0]?.activeProducers, [
    { producerId: 9n, producerEpoch: 4, lastSequence: -1, lastTimestamp: 5n, coordinatorEpoch: 3 },
  ], 'a marker alone leaves no sequence')
  await registerFenced(raw, 7)
  await assign(raw, 'away', [[1, 7], [7, 1]])
  t.match(await describe(['away', 1]), [row('away-1', 0)], 'any replica answers')
  Object.assign(raw.broker.replicas, { find: () => undefined })
  t.match(await describe(['away', 0]), [row('away-0', 6)], 'a partition that is elsewhere')
  denyAll(raw)
  t.match(await describe(['a', 0], ['gone', 0], ['no name', 0]), [{ errorCode: 29 }, { errorCode: 29 }, { errorCode: 17 }],
    'D0.5: denied says nothing of existence')
})
