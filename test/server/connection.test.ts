/** Connections over real sockets: order, overlap, back-pressure, and how they end. */
import t from 'tap'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { AddPartitionsToTxn } from '../../protocol/messages/24-add-partitions-to-txn.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { startBroker } from '../../src/index.ts'
import { groupClient, joinAlone, joinBody, parked } from '../support/grouping.ts'
import { batchOf, fetchBody, fetchOne, produce, produceBody, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'

const VERSIONS = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }

t.test('pipelined Produce: answers and records in the order of the requests', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const large = 'x'.repeat(300_000)
  // Large compressed batches are checked off the loop, small ones at once: nobody overtakes.
  const contents = Array.from({ length: 40 }, (_, index) => index % 3 === 0 ? `${index}${large}` : String(index))
  const ids = contents.map((content, index) => client.send(Produce, 9,
    produceBody('topic', batchOf([content], { codec: index % 2 === 0 ? 'gzip' : 'none' }), { acks: index % 5 === 4 ? 1 : -1 }) as never))
  const answers = []
  for (let index = 0; index < ids.length; index++) answers.push(await client.next(Produce, 9))
  t.same(answers.map(({ correlationId }) => correlationId), ids)
  t.same(answers.map(({ body }) => body.responses[0]?.partitionResponses[0]?.baseOffset),
    ids.map((_, index) => BigInt(index)))
  t.same(recordsIn(await fetchOne(client, 'topic', 0n)).map(([, value]) => value?.replace(large, '')),
    contents.map(content => content.replace(large, '')))
})

t.test('other requests of a connection are serial, and a waiting one holds up its connection alone', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const other = await raw.client()
  const ids = [
    client.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }], { maxWaitMs: 60_000, minBytes: 1 })),
    client.send(ApiVersions, 3, VERSIONS),
    client.send(Produce, 9, produceBody('topic', batchOf(['behind'])) as never),
  ]
  await other.request(ApiVersions, 3, VERSIONS)
  t.equal((await fetchOne(other, 'topic', 0n)).highWatermark, 0n, 'the Produce behind the Fetch has not begun')
  t.equal(client.frames.items.length, 0)
  await produce(other, 'topic', batchOf(['first']))
  const answers = [await client.next(Fetch, 12), await client.next(ApiVersions, 3),
    await client.next(Produce, 9)]
  t.same(answers.map(({ correlationId }) => correlationId), ids)
  t.same(recordsIn(await fetchOne(other, 'topic', 0n)), [[0n, 'first'], [1n, 'behind']])
  t.same((await other.request(ApiVersions, 2, VERSIONS)).errorCode, 0, 'clients 6.2: in the middle of it')
})

t.test('clients 6.25: bytes that are no requests close, after what came before is answered', async t => {
  const raw = await RawBroker.start(t, { 'socket.request.max.bytes': 1_000_000 })
  await raw.topic('topic')
  const healthy = await raw.client()
  const garbage: Array<[string, Buffer]> = [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['a size below', Buffer.from('00000007ffffffffffffff', 'hex')],
    ['a size above', Buffer.from('000f4241', 'hex')],
    ['no size', Buffer.from('00000000', 'hex')],
    ['a negative size', Buffer.from('ffffffff', 'hex')],
    ['an unknown API', Buffer.from('0000000a7fff0000000000010000', 'hex')],
    ['an unknown version', Buffer.from('0000000a000003e7000000010000', 'hex')],
  ]
  for (const [name, bytes] of garbage) {
    const client = await raw.client()
    client.send(Produce, 9, produceBody('topic', batchOf([name], { codec: 'gzip' })) as never)
    client.write(bytes)
    await client.closed
    t.equal(client.frames.items.length, 1, `${name}: the Produce before it is answered`)
    t.equal(client.partialBytes, 0)
  }
  t.equal((await produce(healthy, 'topic', batchOf(['fine']))).baseOffset, BigInt(garbage.length), 'the neighbour is not disturbed')
  t.equal(raw.log.items.filter(({ level }) => level === 'warn').length, garbage.length, 'and people are told why')
  t.equal(raw.listener.connections.size, 1)
})

t.test('a client that goes while it waits leaves nothing behind', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const partition = raw.partition('topic')
  let watchers = 0
  const { watch } = partition
  let told: () => void = () => {}
  partition.watch = watcher => {
    watchers++
    told()
    const stop = watch.call(partition, watcher)
    return () => { watchers--; stop(); told() }
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>(resolve => { told = resolve })
  }
  for (const leave of ['destroy', 'end', 'reset'] as const) {
    const client = await raw.client()
    client.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }], { maxWaitMs: 60_000, minBytes: 1 }))
    await until(() => watchers === 1)
    if (leave === 'reset') client.socket.resetAndDestroy()
    else if (leave === 'end') client.socket.end()
    else client.socket.destroy()
    // The end of what a client sends is not the end of what it waits for, as with Kafka.
    if (leave !== 'reset') raw.clock.advance(60_000)
    await until(() => watchers === 0)
    await client.closed
    t.equal(client.frames.items.length, leave === 'end' ? 1 : 0, `${leave}: nobody waits any more`)
  }
  const lasting = await raw.client()
  for (let times = 0; times < 3; times++) {
    lasting.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }], { maxWaitMs: 500, minBytes: 1 }))
    await until(() => watchers === 1)
    raw.clock.advance(500)
    await lasting.next(Fetch, 12)
    t.equal(watchers, 0, 'a wait that is over is over')
  }
  const member = await raw.client()
  member.send(JoinGroup, 3, {
    groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  })
  member.end()
  await member.closed
  t.equal((await produce(await raw.client(), 'topic', batchOf(['x']))).errorCode, 0)
})

t.test('a slow reader does not fill memory', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const writer = await raw.client()
  for (let index = 0; index < 5; index++) await produce(writer, 'topic', batchOf(['x'.repeat(900_000)]))
  const { replicas } = raw.broker
  const { fetch } = replicas
  let begun = 0
  replicas.fetch = (...args) => {
    begun++
    return fetch.apply(replicas, args)
  }
  const slow = await raw.client()
  slow.socket.pause()
  const asked = 12
  for (let index = 0; index < asked; index++) slow.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }]))
  // Another's requests are served many times while the slow one's answers wait.
  for (let index = 0; index < 50; index++) await produce(writer, 'topic', batchOf(['y']))
  t.ok(begun > 0 && begun < 5, `its requests wait: ${begun} of ${asked} have begun`)
  slow.socket.resume()
  await slow.frames.has(asked)
  t.equal(begun, asked)
  t.ok(slow.frames.items.every(frame => frame.length > 4_500_000), 'and all come when it reads')
})

t.test('max.connections, and clients that stop in the middle', async t => {
  const raw = await RawBroker.start(t, { 'max.connections': 2 } as never)
  const first = await raw.client()
  await first.request(ApiVersions, 0, VERSIONS)
  const second = await raw.client()
  await second.request(ApiVersions, 0, VERSIONS)
  const third = await RawClient.connect(raw.port)
  const ofThird = third.request(ApiVersions, 0, VERSIONS)
  t.equal((await first.request(ApiVersions, 0, VERSIONS)).errorCode, 0)
  t.equal(third.frames.items.length, 0, 'KIP-402: one too many waits')
  second.write(Buffer.from('0000ffff00', 'hex'))
  second.end()
  await second.closed
  t.same((await first.request(ApiVersions, 0, VERSIONS)).errorCode, 0, 'half a frame and gone: nobody minds')
  t.equal((await ofThird).errorCode, 0, 'and is let in behind it')
  t.equal(raw.listener.connections.size, 2)
})

t.test('clients 6.27: idle connections are closed without a byte, at once when their time has come', async t => {
  const raw = await RawBroker.start(t, { 'connections.max.idle.ms': 1000 } as never)
  const idle = await raw.client()
  await idle.request(Metadata, 4, { topics: [], allowAutoTopicCreation: false })
  raw.clock.advance(1000)
  await idle.request(ApiVersions, 3, VERSIONS)
  raw.clock.advance(1251)
  await idle.closed
  t.equal(idle.frames.items.length, 2)
  t.equal(idle.partialBytes, 0)
})

/** Resolves when somebody waits for something to come into the partition. */
function watched (partition: ReturnType<RawBroker['partition']>): Promise<void> {
  const { watch } = partition
  return new Promise(resolve => {
    partition.watch = watcher => {
      Reflect.deleteProperty(partition, 'watch')
      resolve()
      return watch.call(partition, watcher)
    }
  })
}

t.test('clients 6.27: who waits for an answer is busy, however long; its silence begins with the answer', async t => {
  const raw = await RawBroker.start(t, { 'connections.max.idle.ms': 1000 } as never)
  await raw.topic('topic')
  await joinAlone(raw, await groupClient(raw), 'joining')
  const leader = await joinAlone(raw, await raw.client(), 'assigning')
  const [joining, syncing] = [await raw.client(), await raw.client()]
  const [polling, idle] = [await raw.client(), await raw.client()]

  const second = parked(raw, 'join')
  syncing.send(JoinGroup, 3, joinBody('assigning'))
  await second
  await idle.request(JoinGroup, 3, joinBody('assigning', { memberId: leader.memberId }))
  const { body: { memberId } } = await syncing.next(JoinGroup, 3)
  const waitsForLeader = parked(raw, 'sync')
  syncing.send(SyncGroup, 3, { groupId: 'assigning', generationId: 2, memberId, assignments: [] })
  await waitsForLeader

  const waitsForOthers = parked(raw, 'join')
  joining.send(JoinGroup, 3, joinBody('joining'))
  await waitsForOthers

  const read = watched(raw.partition('topic'))
  polling.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }], { maxWaitMs: 60_000, minBytes: 1 }))
  await read

  raw.clock.advance(5000)
  await idle.closed
  t.same([joining, syncing, polling].map(({ socket }) => socket.readyState), ['open', 'open', 'open'])
  await produce(await raw.client(), 'topic', batchOf(['x']))
  t.equal(
    recordsIn((await polling.next(Fetch, 12)).body.responses[0]?.partitions[0] as never).length, 1
  )
  raw.clock.advance(900)
  await polling.request(ApiVersions, 3, VERSIONS)
  // The leaders' sessions end, and with them what the other two wait for.
  raw.clock.advance(10_000)
  t.equal((await syncing.next(SyncGroup, 3)).body.errorCode, 27)
  t.equal((await joining.next(JoinGroup, 3)).body.errorCode, 0)
  await polling.closed
  raw.clock.advance(900)
  t.equal((await joining.request(ApiVersions, 3, VERSIONS)).errorCode, 0)
  raw.clock.advance(1251)
  await Promise.all([joining.closed, syncing.closed])
})

t.test('who asks again and again for what is not served is named in the log once', async t => {
  const lines: string[] = []
  const broker = await startBroker({ log: (_level, message) => { if (/not served/.test(message)) lines.push(message) } })
  t.teardown(() => broker.stop())
  for (let times = 0; times < 10; times++) {
    const client = await RawClient.connect(broker.port)
    client.send(AddPartitionsToTxn, 5, { transactions: [] }, { clientId: 'billing' })
    await client.closed
    t.equal(client.frames.items.length, 0)
  }
  t.same(lines, ['connection closed: AddPartitionsToTxn (API key 24) v5 of client "billing" is not served'])
})

t.test('frames in pieces, from several clients at once', async t => {
  const raw = await RawBroker.start(t)
  const clients = await Promise.all([1, 2, 3].map(() => raw.client()))
  const bytes = Buffer.concat([
    Buffer.from('0000000a0012000000000001ffff', 'hex'), Buffer.from('0000000a0012000000000002ffff', 'hex'),
  ])
  for (const byte of bytes) {
    for (const client of clients) client.write(Buffer.from([byte]))
    await new Promise(resolve => setImmediate(resolve))
  }
  for (const client of clients) {
    t.equal((await client.next(ApiVersions, 0)).correlationId, 1)
    t.equal((await client.next(ApiVersions, 0)).correlationId, 2)
  }
  const [first] = clients as [RawClient]
  const { topics } =
    await first.request(CreateTopics, 2, { topics: [], timeoutMs: 1, validateOnly: true })
  t.same(topics, [])
})
