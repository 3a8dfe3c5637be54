/**
 * Talks to a broker in a container as an application would: `node test/container/probe.mjs ROUND`.
 *
 * Round 1 makes a topic, writes, reads in a group and commits. Round 2, after the container
 * was stopped and started over the same volume, finds the topic, the records and the offsets, and
 * the group reads on where it was.
 */
import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'

const TOPIC = 'container'
const GROUP = 'container-readers'
const PARTITIONS = 3
const RECORDS = 60
const WAIT_MS = 20000

const round = Number(process.argv[2])
const kafka = new kafkajs.Kafka({
  clientId: 'container-probe',
  brokers: [`127.0.0.1:${process.env.HOSTPORT ?? 9092}`],
  logLevel: kafkajs.logLevel.ERROR,
})
const admin = kafka.admin()

const values = (from, to) => Array.from({ length: to - from }, (_, at) => `value ${from + at}`)

async function produce (from, to) {
  const producer = kafka.producer()
  await producer.connect()
  const messages = values(from, to).map((value, at) => ({ key: `key ${from + at}`, value, partition: (from + at) % PARTITIONS }))
  await producer.send(
    { topic: TOPIC, acks: -1, compression: kafkajs.CompressionTypes.GZIP, messages }
  )
  await producer.disconnect()
}

/** Reads so many values in the group, commits them and leaves. */
async function consume (count) {
  const consumer = kafka.consumer({ groupId: GROUP })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  const found = []
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`${found.length} of ${count} records came in ${WAIT_MS} ms`)) }, WAIT_MS)
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        found.push(message.value.toString())
        await consumer.commitOffsets(
          [{ topic, partition, offset: String(BigInt(message.offset) + 1n) }]
        )
        if (found.length < count) return
        clearTimeout(timer)
        resolve()
      },
    }).catch(reject)
  })
  await consumer.disconnect()
  return found
}

/** What the group has committed, all partitions together. */
async function committed () {
  const [{ partitions }] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] })
  return partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
}

async function written () {
  const partitions = await admin.fetchTopicOffsets(TOPIC)
  return partitions.reduce((sum, { high }) => sum + Number(high), 0)
}

const sorted = found => [...found].sort()

await admin.connect()
if (round === 1) {
  assert.equal(
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] }), true
  )
  await produce(0, RECORDS)
  assert.deepEqual(sorted(await consume(RECORDS)), sorted(values(0, RECORDS)))
} else {
  assert.ok((await admin.listTopics()).includes(TOPIC), 'the topic is there')
  assert.equal(await written(), RECORDS, 'the records are there')
  assert.equal(await committed(), RECORDS, 'the offsets are there')
  await produce(RECORDS, 2 * RECORDS)
  assert.deepEqual(sorted(await consume(RECORDS)), sorted(values(RECORDS, 2 * RECORDS)), 'the group reads on')
}
assert.equal(await committed(), round * RECORDS)
await admin.disconnect()
console.log(`probe: round ${round} holds`)
