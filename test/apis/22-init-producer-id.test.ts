/** InitProducerId over the wire (correctness 2.6). */
import t from 'tap'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { initProducerId as handler } from '../../src/apis/22-init-producer-id.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('InitProducerId', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const seen = new Set<bigint>()
  const ask = (version: number, change: object = {}) => client.request(InitProducerId, version,
    {
      transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1, ...change,
    })
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
  t.match(await ask(5, { transactionalId: 'tx' }), { errorCode: 35, producerId: -1n, producerEpoch: -1 })
  await ask(5, { transactionalId: 'tx' })
  t.match(raw.log.items.filter(({ message }) => /"tx"/.test(message)), [{ level: 'warn', message: /has no transactions.*Client "\S+" asked/ }],
    'people are told, once')
  const others = await Promise.all(Array.from({ length: 5 }, () => raw.client()))
  for (let round = 0; round < 300; round++) {
    const answers = await Promise.all(others.map(each => each.request(InitProducerId, 4,
      { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1 })))
    for (const { producerId } of answers) seen.add(producerId)
  }
  t.equal(seen.size, 6 + 1500, 'past the end of a block of a thousand, from many at once: all distinct')
})

t.test('D15: without IDEMPOTENT_WRITE there is no producer id', async t => {
  const body = {
    transactionalId: null, transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1,
  }
  const needs = (allowed: boolean) =>
    ({ access: { allows: () => allowed }, producerIds: { next: async () => 7n } }) as never
  const call = { version: 4, session: {} } as never
  t.same(await handler.handle(body as never, call, needs(false)),
    { errorCode: 31, producerEpoch: -1 })
  t.same(await handler.handle(body as never, call, needs(true)),
    { producerId: 7n, producerEpoch: 0 })
})
