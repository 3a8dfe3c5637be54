/**
 * One kafkajs consumer alone: where it begins, how it moves, and what it has committed when it
 * ends.
 */
import type { Consumer, EachBatchPayload } from 'kafkajs'
import t from 'tap'
import { Clients, received } from '../support/kafkajs.ts'
import type { Received } from '../support/kafkajs.ts'
import { Inbox } from '../support/inbox.ts'

const clients = await Clients.start(t)
const admin = clients.kafka.admin()
t.teardown(() => admin.disconnect())
await admin.connect()

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ value: `${from + n}` }))
const values = (items: readonly Received[]): number[] => items.map(({ value }) => Number(value))
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, n) => from + n)

/** Runs the consumer and hands out what it gets. */
async function reading (
  consumer: Consumer, topics: Array<string | RegExp>, fromBeginning = true
): Promise<Inbox<Received>> {
  const inbox = new Inbox<Received>()
  await consumer.subscribe({ topics, fromBeginning })
  const joined = joins(consumer)
  await consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
  await joined
  return inbox
}

function joins (consumer: Consumer): Promise<void> {
  return new Promise(resolve => { consumer.on(consumer.events.GROUP_JOIN, () => { resolve() }) })
}

/** The first fetch is out: from here on, a consumer of the end sees whatever comes. */
function fetches (consumer: Consumer): Promise<void> {
  return new Promise(resolve => { consumer.on(consumer.events.FETCH, () => { resolve() }) })
}

async function committed (groupId: string, topic: string): Promise<string[]> {
  const [row] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return (row?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(
    ({ offset }) => offset
  )
}

t.test('a new group begins at the beginning or at the end, a known one where it was', async t => {
  const topic = await clients.topic()
  await clients.send(topic, numbers(0, 10))
  const atEnd = await clients.consumer({}, t)
  const fetched = fetches(atEnd)
  const fromEnd = await reading(atEnd, [topic], false)
  await fetched
  const groupId = clients.name('group')
  const first = await clients.consumer({ groupId }, t)
  const fromStart = await reading(first, [topic])
  await fromStart.has(10)
  await first.disconnect()
  await clients.send(topic, numbers(10, 20))
  t.same(values(await fromEnd.has(10)), range(10, 20))
  t.same(await committed(groupId, topic), ['10'], 'committed when it stopped')
  const second = await clients.consumer({ groupId }, t)
  t.same(values(await (await reading(second, [topic], false)).has(10)), range(10, 20))
})

t.test('seek moves back and forward', async t => {
  const topic = await clients.topic()
  await clients.send(topic, numbers(0, 30))
  const consumer = await clients.consumer({}, t)
  const inbox = await reading(consumer, [topic])
  await inbox.has(30)
  consumer.seek({ topic, partition: 0, offset: '25' })
  t.same(values(await inbox.has(35)).slice(30), range(25, 30))
  consumer.seek({ topic, partition: 0, offset: '0' })
  t.same(values(await inbox.has(65)).slice(35), range(0, 30))
})

t.test('seek before the first fetch skips, and beyond the end starts over as fromBeginning says', async t => {
  const topic = await clients.topic()
  await clients.send(topic, numbers(0, 30))
  const consumer = await clients.consumer({}, t)
  const inbox = new Inbox<Received>()
  await consumer.subscribe({ topic, fromBeginning: true })
  const running = consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
  consumer.seek({ topic, partition: 0, offset: '20' })
  await running
  t.same(values(await inbox.has(10)), range(20, 30))
  consumer.seek({ topic, partition: 0, offset: '1000' })
  t.same(values(await inbox.has(20)).slice(10, 20), range(0, 10))
})

t.test('a paused partition is silent while others go on, and resumes where it was', async t => {
  const [quiet, lively] = [await clients.topic(), await clients.topic()]
  await clients.send(quiet, numbers(0, 3))
  await clients.send(lively, numbers(0, 3))
  const consumer = await clients.consumer({}, t)
  const inbox = await reading(consumer, [quiet, lively])
  await inbox.has(6)
  consumer.pause([{ topic: quiet }])
  t.same(consumer.paused(), [{ topic: quiet, partitions: [0] }])
  await clients.send(quiet, numbers(3, 6))
  await clients.send(lively, numbers(3, 6))
  await inbox.has(9)
  t.same(values(inbox.items.slice(6)), range(3, 6))
  t.ok(inbox.items.slice(6).every(each => each.topic === lively))
  consumer.resume([{ topic: quiet }])
  await inbox.has(12)
  t.same(values(inbox.items.filter(each => each.topic === quiet)), range(0, 6))
})

t.test('several topics, some by a pattern', async t => {
  const prefix = clients.name('pattern')
  const topics = ['a', 'b', 'c'].map(name => `${prefix}.${name}`)
  await admin.createTopics({ topics: [...topics, `not-${prefix}`].map(topic => ({ topic, numPartitions: 2 })) })
  for (const topic of [...topics, `not-${prefix}`]) await clients.send(topic, numbers(0, 10))
  const named = await clients.topic()
  await clients.send(named, numbers(0, 5))
  const consumer = await clients.consumer({}, t)
  const inbox = await reading(consumer, [new RegExp(`^${prefix}\\.`), named])
  await inbox.has(35)
  for (const topic of topics) {
    t.same(values(inbox.items.filter(each => each.topic === topic)).sort((a, b) => a - b),
      range(0, 10))
  }
  t.same(values(inbox.items.filter(each => each.topic === named)), range(0, 5))
})

t.test('offsets are committed by hand', async t => {
  const topic = await clients.topic(2)
  const groupId = clients.name('group')
  await clients.send(topic, range(0, 20).map(n => ({ partition: n % 2, value: `${n}` })))
  const consumer = await clients.consumer({ groupId }, t)
  const inbox = new Inbox<Received>()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run(
    { autoCommit: false, eachMessage: async each => { inbox.push(received(each)) } }
  )
  await inbox.has(20)
  t.same(await committed(groupId, topic), ['-1', '-1'], 'nothing by itself')
  await consumer.commitOffsets([{ topic, partition: 0, offset: '4', metadata: 'by hand' }, { topic, partition: 1, offset: '7' }])
  t.same(await committed(groupId, topic), ['4', '7'])
  const [row] = await admin.fetchOffsets({ groupId, topics: [topic] })
  t.equal(row?.partitions.find(({ partition }) => partition === 0)?.metadata, 'by hand')
  await consumer.disconnect()
  t.same(await committed(groupId, topic), ['4', '7'], 'leaving commits nothing more')
  const next = await clients.consumer({ groupId }, t)
  const rest = await reading(next, [topic])
  await rest.has(9)
  t.same(values(rest.items).sort((a, b) => a - b), [8, 10, 12, 14, 15, 16, 17, 18, 19])
})

t.test('offsets are committed every so many records, and every so many milliseconds', async t => {
  for (const [what, config, messages] of [
    ['threshold', { autoCommitThreshold: 5 }, 5],
    ['interval', { autoCommitInterval: 100 }, 1],
  ] as const) {
    const topic = await clients.topic()
    const groupId = clients.name('group')
    const consumer = await clients.consumer({ groupId }, t)
    const commits = new Inbox<string>()
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      commits.push(payload.topics[0]?.partitions[0]?.offset ?? '')
    })
    await consumer.subscribe({ topic, fromBeginning: true })
    const got = new Inbox<Received>()
    await consumer.run({ ...config, eachMessage: async each => { got.push(received(each)) } })
    await clients.send(topic, numbers(0, messages))
    await commits.until(offsets => offsets.includes(`${messages}`))
    t.same(await committed(groupId, topic), [`${messages}`], what)
    await consumer.disconnect()
  }
})

t.test('eachBatch resolves what it likes, beats, and commits as it goes', async t => {
  const topic = await clients.topic()
  const groupId = clients.name('group')
  await clients.send(topic, numbers(0, 100))
  const consumer = await clients.consumer({ groupId }, t)
  const batches = new Inbox<Pick<EachBatchPayload['batch'], 'highWatermark'> & { lag: string, offsets: string[] }>()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async payload => {
      const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload
      const offsets: string[] = []
      for (const message of batch.messages.slice(0, 30)) {
        if (!isRunning() || isStale()) break
        offsets.push(message.offset)
        resolveOffset(message.offset)
        await heartbeat()
      }
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
      batches.push({ highWatermark: batch.highWatermark, lag: batch.offsetLag(), offsets })
    },
  })
  await batches.until(items => items.flatMap(({ offsets }) => offsets).length >= 100)
  t.same(batches.items.flatMap(({ offsets }) => offsets), range(0, 100).map(String), 'each once, in pieces of 30')
  t.equal(batches.items.length, 4)
  t.ok(batches.items.every(({ highWatermark }) => highWatermark === '100'))
  await consumer.disconnect()
  t.same(await committed(groupId, topic), ['100'])
})

t.test('a batch that was overtaken by seek is stale', async t => {
  const topic = await clients.topic()
  await clients.send(topic, numbers(0, 20))
  const consumer = await clients.consumer({}, t)
  const seen = new Inbox<string>()
  let moved = false
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachBatch: async ({ batch, isStale, resolveOffset }) => {
      for (const message of batch.messages) {
        if (isStale()) { seen.push('stale'); break }
        seen.push(message.offset)
        resolveOffset(message.offset)
        if (message.offset === '9' && !moved) {
          moved = true
          consumer.seek({ topic, partition: 0, offset: '15' })
        }
      }
    },
  })
  await seen.until(items => items.at(-1) === '19')
  t.same(seen.items, [...range(0, 10).map(String), 'stale', ...range(15, 20).map(String)])
})

t.test('what fails in the handler is delivered again', async t => {
  const topic = await clients.topic()
  await clients.send(topic, numbers(0, 5))
  const consumer = await clients.consumer({ retry: { initialRetryTime: 10, retries: 5 } }, t)
  const seen = new Inbox<string>()
  let failures = 2
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      seen.push(`${message.value}`)
      if (`${message.value}` === '3' && failures-- > 0) throw new Error('the database is away')
    },
  })
  await seen.until(items => items.at(-1) === '4')
  t.same(seen.items, ['0', '1', '2', '3', '3', '3', '4'])
})

t.test('records are there at once for a consumer that waits', async t => {
  const topic = await clients.topic()
  const consumer = await clients.consumer({ maxWaitTimeInMs: 60_000 }, t)
  const fetched =
    new Promise<void>(resolve => { consumer.on(consumer.events.FETCH_START, () => { resolve() }) })
  const inbox = await reading(consumer, [topic])
  await fetched
  const started = Date.now()
  for (let n = 0; n < 10; n++) {
    await clients.send(topic, [{ value: `${n}` }])
    await inbox.has(n + 1)
  }
  t.same(values(inbox.items), range(0, 10))
  t.ok(Date.now() - started < 50_000, 'no record waits for the end of a poll of a minute')
  const other = clients.send(topic, [{ value: 'last' }])
  await Promise.all([consumer.disconnect(), other])
})
