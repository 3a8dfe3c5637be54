/**
 * kafkajs produces: what it sends in every form is what consumers read, and errors are Kafka's own.
 */
import { randomBytes } from 'node:crypto'
import { CompressionTypes, Partitioners } from 'kafkajs'
import t from 'tap'
import { partitionOfKey } from '../../protocol/records/hashes.ts'
import { Clients, reasonOf } from '../support/kafkajs.ts'

const clients = await Clients.start(t)

const numbered = (count: number, key?: (n: number) => string) =>
  Array.from({ length: count }, (_, n) =>
    ({ ...(key === undefined ? {} : { key: key(n) }), value: `${n}` }))

t.test('every partitioner places keys, and each key stays in order where it was placed', async t => {
  for (const [name, createPartitioner, isJava] of [
    ['default', Partitioners.DefaultPartitioner, true],
    ['Java-compatible', Partitioners.JavaCompatiblePartitioner, true],
    ['legacy', Partitioners.LegacyPartitioner, false],
  ] as const) {
    const topic = await clients.topic(6)
    const producer = await clients.producer({ createPartitioner }, t)
    await producer.send({ topic, messages: numbered(90, n => `key ${n % 30}`) })
    const read = await clients.readAll(topic, 90)
    t.equal(read.length, 90, name)
    for (let k = 0; k < 30; k++) {
      const key = `key ${k}`
      const of = read.filter(each => each.key === key)
      t.same(of.map(({ value }) => Number(value)), [k, k + 30, k + 60], `${name}: ${key}`)
      t.equal(new Set(of.map(({ partition }) => partition)).size, 1, `${name}: ${key} lives in one place`)
      if (isJava) t.equal(of[0]?.partition, partitionOfKey(Buffer.from(key), 6), `${name}: where Java puts ${key}`)
    }
  }
})

t.test('a partition can be named, and a producer may place by itself', async t => {
  const topic = await clients.topic(3)
  const named = await clients.producer({}, t)
  const [row] = await named.send({ topic, messages: [{ partition: 2, value: 'two' }] })
  t.match(row, { topicName: topic, partition: 2, errorCode: 0, baseOffset: '0' })
  const own = await clients.producer({
    createPartitioner: () => ({ message }) => Number(String(message.value)) % 3,
  }, t)
  await own.send({ topic, messages: numbered(6) })
  const read = await clients.readAll(topic, 7)
  t.same(read.map(({ partition, value }) => `${partition}:${value}`).sort(),
    ['0:0', '0:3', '1:1', '1:4', '2:2', '2:5', '2:two'])
})

t.test('keys, values, headers and timestamps come back as they went', async t => {
  const topic = await clients.topic()
  const producer = await clients.producer({}, t)
  const bytes = randomBytes(64)
  await producer.send({
    topic,
    messages: [
      { value: 'no key' },
      { key: 'tombstone', value: null },
      { key: 'empty', value: '' },
      { key: '', value: 'empty key' },
      { key: bytes, value: bytes },
      { key: 'ünïcode', value: '日本語 🎉', headers: { plain: 'text', raw: bytes, many: ['a', 'b'], none: '' } },
      { value: 'old', timestamp: '1234567890123' },
    ],
  })
  const read = await clients.readAll(topic, 7)
  const messages = read.map(({ message }) => message)
  t.same(read.map(({ offset }) => offset), [0n, 1n, 2n, 3n, 4n, 5n, 6n])
  t.equal(messages[0]?.key, null)
  t.equal(messages[1]?.value, null)
  t.same(messages[2]?.value, Buffer.alloc(0))
  t.same(messages[3]?.key, Buffer.alloc(0))
  t.same([messages[4]?.key, messages[4]?.value], [bytes, bytes])
  t.equal(read[5]?.value, '日本語 🎉')
  t.same(messages[5]?.headers, {
    plain: Buffer.from('text'), raw: bytes, many: [Buffer.from('a'), Buffer.from('b')], none: Buffer.alloc(0),
  })
  t.equal(messages[6]?.timestamp, '1234567890123')
})

t.test('gzip and large batches', async t => {
  const topic = await clients.topic()
  const producer = await clients.producer({}, t)
  const messages = Array.from({ length: 20_000 }, (_, n) => ({ key: `${n % 7}`, value: `line ${n} `.repeat(10) }))
  const [row] = await producer.send({ topic, messages, compression: CompressionTypes.GZIP })
  t.match(row, { errorCode: 0, baseOffset: '0' })
  const incompressible = randomBytes(900_000).toString('latin1')
  const [second] = await producer.send({ topic, messages: [{ value: Buffer.from(incompressible, 'latin1') }] })
  t.match(second, { errorCode: 0, baseOffset: '20000' }, 'an offset for each record of the batch before')
  const read = await clients.readAll(topic, 20_001)
  t.same(read.map(({ offset }) => offset), Array.from({ length: 20_001 }, (_, n) => BigInt(n)))
  t.ok(read.slice(0, 20_000).every(({ value }, n) => value === messages[n]?.value))
  t.equal(read[20_000]?.message.value?.toString('latin1'), incompressible)
})

t.test('sendBatch reaches several topics at once', async t => {
  const topics = [await clients.topic(2), await clients.topic(2), await clients.topic(2)]
  const producer = await clients.producer({}, t)
  const rows = await producer.sendBatch({
    topicMessages: topics.map((topic, n) => ({ topic, messages: numbered(10, k => `${n} ${k}`) })),
    compression: CompressionTypes.GZIP,
  })
  t.ok(rows.every(({ errorCode }) => errorCode === 0))
  const read = await clients.readAll(topics, 30)
  for (const [n, topic] of topics.entries()) {
    const keys = read.filter(each => each.topic === topic).map(({ key }) => key)
    t.same(keys.sort(), numbered(10, k => `${n} ${k}`).map(({ key }) => key).sort())
  }
})

t.test('acks 1 and -1 tell the offset, acks 0 says nothing and is stored all the same', async t => {
  const topic = await clients.topic()
  const producer = await clients.producer({}, t)
  const offsets: Array<string | undefined> = []
  for (const acks of [-1, 1, 0, -1]) {
    const rows = await producer.send({ topic, acks, messages: [{ value: `acks ${acks}` }] })
    offsets.push(rows[0]?.baseOffset)
  }
  t.same(offsets, ['0', '1', undefined, '3'])
  const read = await clients.readAll(topic, 4)
  t.same(read.map(({ value }) => value), ['acks -1', 'acks 1', 'acks 0', 'acks -1'])
})

t.test('an idempotent producer writes everything once and in order', async t => {
  const topic = await clients.topic(3)
  const producer = await clients.producer({ idempotent: true, maxInFlightRequests: 5 }, t)
  for (let round = 0; round < 20; round++) {
    const rows = await producer.send({
      topic, acks: -1, messages: Array.from({ length: 9 }, (_, n) => ({ partition: n % 3, value: `${round * 3 + Math.floor(n / 3)}` })),
    })
    t.ok(rows.every(({ errorCode }) => errorCode === 0))
  }
  const other = await clients.producer({ idempotent: true }, t)
  await other.send({ topic, acks: -1, messages: [{ partition: 0, value: '60' }] })
  const read = await clients.readAll(topic, 181)
  for (let partition = 0; partition < 3; partition++) {
    t.same(read.filter(each => each.partition === partition).map(({ value }) => Number(value)),
      Array.from({ length: partition === 0 ? 61 : 60 }, (_, n) => n))
  }
})

t.test('many producers at once on one partition: an offset for every record', async t => {
  const topic = await clients.topic()
  const producers = await Promise.all(Array.from({ length: 8 }, (_, n) =>
    clients.producer({ idempotent: n % 2 === 0 }, t)))
  const offsets = await Promise.all(producers.map(async (producer, p) => {
    const told: string[] = []
    for (let n = 0; n < 25; n++) {
      const [row] = await producer.send({ topic, acks: -1, messages: [{ key: `${p}`, value: `${n}` }] })
      told.push(row?.baseOffset ?? '')
    }
    return told
  }))
  t.same(offsets.flat().map(Number).sort((a, b) => a - b), Array.from({ length: 200 }, (_, n) => n))
  const read = await clients.readAll(topic, 200)
  for (const [p, told] of offsets.entries()) {
    t.same(read.filter(({ key }) => key === `${p}`).map(({ value, offset }) => `${value}@${offset}`),
      told.map((offset, n) => `${n}@${offset}`))
  }
})

t.test('a topic that nobody made is made by the first send', async t => {
  const topic = clients.name('made.by-producer')
  const producer = await clients.producer({}, t)
  const [row] = await producer.send({ topic, messages: [{ value: 'first' }] })
  t.match(row, { errorCode: 0, baseOffset: '0' })
  t.match(await clients.readAll(topic, 1), [{ value: 'first', offset: 0n }])
})

t.test('what is refused is refused with its reason, and the producer goes on', async t => {
  const topic = await clients.topic()
  const producer = await clients.producer({
    allowAutoTopicCreation: false, retry: { retries: 1, initialRetryTime: 10 },
  }, t)
  const send = (to: string, value: Buffer | string, acks = -1): Promise<string> =>
    reasonOf(producer.send({ topic: to, acks, messages: [{ value }] }))
  t.equal(await send(topic, randomBytes(1_100_000)), 'MESSAGE_TOO_LARGE', 'more than message.max.bytes')
  t.equal(await send(clients.name('absent'), 'x'), 'UNKNOWN_TOPIC_OR_PARTITION', 'no automatic creation')
  t.equal(await send('no spaces', 'x'), 'INVALID_TOPIC_EXCEPTION', 'a name that is none')
  t.equal(await send(topic, 'x', 7), 'INVALID_REQUIRED_ACKS')
  const [row] = await producer.send({ topic, messages: [{ value: 'still here' }] })
  t.match(row, { errorCode: 0, baseOffset: '0' }, 'nothing of what was refused has taken an offset')
})
