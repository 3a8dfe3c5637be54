/** Large answers over real sockets: whole, in parts, within a bound, and nothing left behind. */
import t from 'tap'
import type { Test } from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { batchOf, fetchBody, produce, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const MB = 1024 * 1024

/** A topic with one batch of 900,000 bytes an offset. */
async function withTopic (t: Test, batches: number, settings = {}): Promise<RawBroker> {
  const raw = await RawBroker.start(t, settings)
  await raw.topic('topic')
  const client = await raw.client()
  for (let index = 0; index < batches; index++) {
    await produce(client, 'topic', batchOf([String(index).padEnd(900_000, '.')]))
  }
  return raw
}

const everything = (bytes: number) => fetchBody(
  [{ topic: 'topic', fetchOffset: 0n, partitionMaxBytes: bytes }], { maxWaitMs: 0, minBytes: 1, maxBytes: bytes })

t.test('an answer of 40 MB comes whole, and to several clients at once', async t => {
  const raw = await withTopic(t, 50)
  const clients = [await raw.client(), await raw.client(), await raw.client()]
  const answers =
    await Promise.all(clients.map(client => client.request(Fetch, 12, everything(40 * MB))))
  for (const { responses } of answers) {
    const records = recordsIn(responses[0]?.partitions[0] as never)
    t.equal(records.length, Math.floor(40 * MB / 900_070))
    t.same(records.map(([offset]) => offset), records.map((_, index) => BigInt(index)))
    t.ok(records.every(([offset, value]) => value === String(offset).padEnd(900_000, '.')))
  }
  t.equal(raw.store.stats().readBytes, 0)
})

t.test('clients that do not read hold little, and nothing once they have gone', async t => {
  const raw = await withTopic(t, 20)
  const clients = await Promise.all(Array.from({ length: 20 }, () => raw.client()))
  for (const client of clients) {
    client.socket.pause()
    client.send(Fetch, 12, everything(20 * MB))
  }
  // Each has its first part once a later request of somebody else was answered.
  const other = await raw.client()
  for (let round = 0; round < 20; round++) await produce(other, 'topic', batchOf(['x']))
  t.ok(raw.store.stats().readBytes <= 20 * 3 * 256 * 1024, `${raw.store.stats().readBytes} bytes are held`)
  for (const client of clients) client.socket.destroy()
  while (raw.listener.connections.size > 2) await new Promise(resolve => { setImmediate(resolve) })
  t.equal(raw.store.stats().readBytes, 0)
})

t.test('what is cut while a slow client takes it closes that connection, and says why', async t => {
  const raw = await withTopic(t, 20)
  const slow = await raw.client()
  slow.socket.pause()
  slow.send(Fetch, 12, everything(20 * MB))
  const other = await raw.client()
  await produce(other, 'topic', batchOf(['x']))
  await raw.partition('topic').log.truncate(1n)
  slow.socket.resume()
  await slow.closed
  t.equal(slow.frames.items.length, 0)
  t.match(raw.log.items.map(({ message }) => message).join(), /an answer could not be finished: log .* offset \d+ was cut/)
  t.equal(raw.store.stats().readBytes, 0)
  t.equal((await produce(other, 'topic', batchOf(['y']))).errorCode, 0)
})

t.test('what is deleted while a slow client takes it still comes to it', async t => {
  const raw = await withTopic(t, 20)
  const other = await raw.client()
  // The small batch is pending until a flush has put all of them into the volume.
  await produce(other, 'topic', batchOf(['x']))
  while (raw.store.stats().pendingBytes > 0) await new Promise(resolve => { setImmediate(resolve) })
  const slow = await raw.client()
  slow.socket.pause()
  slow.send(Fetch, 12, everything(20 * MB))
  await produce(other, 'topic', batchOf(['y']))
  await raw.partition('topic').deleteRecords(19n)
  slow.socket.resume()
  const { responses } = (await slow.next(Fetch, 12)).body
  const offsets = recordsIn(responses[0]?.partitions[0] as never).map(([offset]) => offset)
  t.same(offsets, Array.from({ length: 21 }, (_, index) => BigInt(index)))
  t.equal(raw.store.stats().readBytes, 0)
})

t.test('ottla.queued.max.response.bytes: past it no request begins, and all go on when there is room', async t => {
  const raw = await withTopic(t, 20, { 'ottla.queued.max.response.bytes': MB })
  const lazy = await Promise.all(Array.from({ length: 20 }, () => raw.client()))
  for (const client of lazy) {
    client.socket.pause()
    client.send(Fetch, 12, everything(20 * MB))
  }
  const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })
  while (!raw.answers.isFull) await turn()
  const other = await raw.client()
  const waitingBefore = raw.answers.waiting
  other.send(Fetch, 12, everything(1))
  while (raw.answers.waiting === waitingBefore) await turn()
  t.equal(other.frames.items.length, 0)
  t.equal((await produce(await raw.client(), 'topic', batchOf(['x']))).errorCode, 0, 'producers go on')
  t.ok(raw.answers.bytes <= 2 * MB + lazy.length * 64 * 1024, `${raw.answers.bytes} bytes`)
  for (const client of lazy) client.socket.destroy()
  t.equal((await other.next(Fetch, 12)).body.errorCode, 0)
  while (raw.listener.connections.size > 3) await turn()
  t.equal(raw.answers.bytes, 0)
})

t.test('those who wait for the same records do not read all at once what the bound has no room for', async t => {
  const raw = await RawBroker.start(t, { 'ottla.queued.max.response.bytes': BigInt(MB) })
  await raw.topic('topic')
  const { log } = raw.partition('topic')
  let peak = 0
  let reads = 0
  const read = log.read.bind(log)
  log.read = (...args) => {
    const result = read(...args)
    reads++
    peak = Math.max(peak, raw.store.stats().readBytes)
    return result
  }
  const clients = await Promise.all(Array.from({ length: 60 }, () => raw.client()))
  for (const client of clients) {
    client.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n, partitionMaxBytes: 20 * MB }],
      { maxWaitMs: 60_000, minBytes: 100_000, maxBytes: 20 * MB }))
  }
  const other = await raw.client()
  await produce(other, 'topic', batchOf(['x']))
  t.equal(raw.answers.bytes, 0, 'nothing is kept for those who wait')
  await produce(other, 'topic', batchOf([''.padEnd(200_000, '.')]))
  for (const answer of await Promise.all(clients.map(client => client.next(Fetch, 12)))) {
    t.equal(recordsIn(answer.body.responses[0]?.partitions[0] as never).length, 2)
  }
  t.ok(reads >= clients.length)
  t.ok(peak <= 2 * MB + clients.length * 64 * 1024, `${peak} bytes`)
  for (const client of clients) client.socket.destroy()
  while (raw.listener.connections.size > 2) await new Promise(resolve => { setImmediate(resolve) })
  t.same([raw.answers.bytes, raw.store.stats().readBytes], [0, 0])
})
