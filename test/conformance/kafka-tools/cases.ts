/** The command-line tools of Apache Kafka itself, where a folder with them is given or found. */
import { writeFileSync } from 'node:fs'
import { kafkaHome } from '../../../scripts/kafka/home.ts'
import { bootstrap, fresh, ok, run, same, tell } from '../harness.ts'
import { releaseOf, tool } from './java.ts'
import type { Tool } from './java.ts'

let home = ''
const server = ['--bootstrap-server', bootstrap]

/** Its output; throws with its complaints when it fails. */
async function call (name: Tool, words: string[], input = ''): Promise<string> {
  const { code, output, complaints } = await tool(home, name, words, input)
  if (code !== 0) throw new Error(`${name} ${words.join(' ')}: exit code ${code}: ${complaints} ${output}`)
  return output
}

const on = (name: Tool, ...words: string[]): Promise<string> => call(name, [...server, ...words])

/** The output matches each of these. */
function says (output: string, ...patterns: RegExp[]): void {
  for (const pattern of patterns) ok(pattern.test(output), `no ${String(pattern)} in: ${output}`)
}

const lines = (output: string): string[] => output.split('\n').filter(line => line !== '')
const events = (output: string): Array<Record<string, unknown>> =>
  lines(output).map(line => JSON.parse(line) as Record<string, unknown>)
const values = (count: number): string[] => Array.from({ length: count }, (_, n) => `value ${n}`)

async function topicOf (partitions = 1): Promise<string> {
  const topic = fresh('topic')
  await on('topics', '--create', '--topic', topic, '--partitions', `${partitions}`, '--replication-factor', '1')
  return topic
}

const produce = (topic: string, all: string[], ...more: string[]): Promise<string> =>
  call('consoleProducer', [...server, '--topic', topic, ...more], `${all.join('\n')}\n`)
const read = async (topic: string, count: number, ...more: string[]): Promise<string[]> =>
  lines(await on('consoleConsumer', '--topic', topic, '--max-messages', `${count}`, '--timeout-ms', '20000', ...more))
const endOf = async (topic: string, ...more: string[]): Promise<string[]> => lines(await on('getOffsets', '--topic', topic, ...more))

/** The rows of a table below its heading, each as words. */
const rows = (output: string): string[][] => lines(output).slice(1).map(line => line.trim().split(/\s+/))

/** A group that has read and committed all of a topic, and has no member any more. */
async function groupOver (topic: string, count: number): Promise<string> {
  const group = fresh('group')
  const told = events(await on('verifiableConsumer', '--topic', topic, '--group-id', group, '--max-messages', `${count}`))
  same(told.filter(({ name }) => name === 'offsets_committed').some(({ success }) => success === true), true, 'committed')
  same(told.filter(({ name }) => name === 'records_consumed').reduce((sum, { count }) => sum + Number(count), 0), count, 'read')
  return group
}

const codecs = Object.fromEntries(['none', 'gzip', 'snappy', 'lz4', 'zstd'].map(codec => [
  `console producer and consumer, codec ${codec}`, async () => {
    const topic = fresh('codec') // made by the producer
    await produce(topic, values(200), '--compression-codec', codec)
    same(await read(topic, 200, '--from-beginning'), values(200), 'values')
  },
]))

const cases = {
  'cluster, versions, features, quorum': async () => {
    says(await call('cluster', ['cluster-id', ...server]), /Cluster ID: \S{22}/)
    says(await on('apiVersions'), /Produce\(0\): 0 to 13 \[usable: 1[23]\]/, /ApiVersions\(18\): 0 to [45] /)
    says(await on('features', 'describe'), /Feature: metadata\.version/)
    says(await on('metadataQuorum', 'describe', '--status'), /LeaderId:\s+1/, /HighWatermark:\s+\d+/, /MaxFollowerLag:\s+0/)
    says(await on('metadataQuorum', 'describe', '--replication'), /1\s+\S*\s+\d+\s+0\s+.*Leader/)
  },
  topics: async () => {
    const topic = await topicOf(2)
    says(await on('topics', '--list'), new RegExp(`^${topic}$`, 'm'))
    says(await on('topics', '--describe', '--topic', topic), /PartitionCount: 2/, /Partition: 1\s+Leader: 1\s+Replicas: 1\s+Isr: 1/)
    await on('topics', '--alter', '--topic', topic, '--partitions', '3')
    says(await on('topics', '--describe', '--topic', topic), /PartitionCount: 3/)
    const { code, output, complaints } = await tool(home, 'topics', [...server, '--create', '--topic', topic])
    ok(code !== 0 && /already exists/.test(output + complaints), 'made twice')
    await on('topics', '--delete', '--topic', topic)
    ok(!lines(await on('topics', '--list')).includes(topic), 'still listed')
  },
  'console producer and consumer, keys and headers': async () => {
    const topic = await topicOf()
    await produce(topic, ['h:x,i:y\ta\tone', 'h:z\tb\ttwo'], '--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true')
    const print = ['key', 'headers', 'offset', 'partition'].flatMap(each => ['--formatter-property', `print.${each}=true`])
    same(await read(topic, 2, '--from-beginning', ...print),
      ['Partition:0\tOffset:0\th:x,i:y\ta\tone', 'Partition:0\tOffset:1\th:z\tb\ttwo'], 'records')
    same(await read(topic, 1, '--partition', '0', '--offset', '1'), ['two'], 'from an offset')
  },
  ...codecs,
  'verifiable producer and consumer, two members': async () => {
    const [topic, group] = [await topicOf(2), fresh('group')]
    const sent = events(await on('verifiableProducer', '--topic', topic, '--max-messages', '500', '--acks', '-1', '--repeating-keys', '10'))
    same(sent.filter(({ name }) => name === 'producer_send_success').length, 500, 'acknowledged')
    const member = (): Promise<string> => on('verifiableConsumer', '--topic', topic, '--group-id', group, '--max-messages', '400')
    // Either reads until it has 400: together they need more than there are, so more come while
    // they read.
    const both = Promise.all([member(), member()])
    let isOver = false
    const feed = (async () => {
      while (!isOver) await on('verifiableProducer', '--topic', topic, '--max-messages', '400')
    })()
    const told = (await both.finally(() => { isOver = true })).map(events)
    await feed
    for (const each of told) {
      ok(each.some(({ name }) => name === 'partitions_assigned'), 'a member without an assignment')
      ok(each.some(({ name, success }) => name === 'offsets_committed' && success === true), 'a member that did not commit')
    }
  },
  'consumer groups: list, describe, lag, reset, delete': async () => {
    const topic = await topicOf()
    await produce(topic, values(10))
    const group = await groupOver(topic, 10)
    await produce(topic, values(3))
    const row = async (): Promise<string[]> => rows(await on('consumerGroups', '--describe', '--group', group))
      .find(each => each[1] === topic)!.slice(2, 6)
    same(await row(), ['0', '10', '13', '3'], 'partition, offset, end, lag')
    says(await on('consumerGroups', '--list', '--state'), new RegExp(`^${group}\\s+Empty`, 'm'))
    says(await on('consumerGroups', '--describe', '--group', group, '--state'), /Empty\s+0/)
    says(await on('groups', '--list'), new RegExp(`^${group}\\s+Classic\\s+consumer`, 'm'))
    const reset = (...how: string[]): Promise<string> =>
      on('consumerGroups', '--reset-offsets', '--group', group, '--topic', topic, ...how, '--execute')
    await reset('--to-earliest')
    same(await row(), ['0', '0', '13', '13'], 'after --to-earliest')
    await reset('--shift-by', '4')
    same((await row())[1], '4', 'after --shift-by')
    await reset('--by-duration', 'PT0S')
    same((await row())[1], '13', 'after --by-duration')
    await on('consumerGroups', '--delete-offsets', '--group', group, '--topic', topic)
    await on('consumerGroups', '--delete', '--group', group)
    ok(!lines(await on('consumerGroups', '--list')).includes(group), 'still listed')
  },
  'get offsets': async () => {
    const topic = await topicOf()
    await on('verifiableProducer', '--topic', topic, '--max-messages', '10', '--message-create-time', '1700000000000')
    for (const [time, ...offsets] of [
      ['latest', 10], ['earliest', 0], ['max-timestamp', 9], ['1600000000000', 0], ['1900000000000'],
    ]) same(await endOf(topic, '--time', `${time}`), offsets.map(offset => `${topic}:0:${offset}`), `at ${time}`)
    const none = await topicOf(2)
    same(await endOf(none), [`${none}:0:0`, `${none}:1:0`], 'of a topic without records')
  },
  'configs of topics, brokers, clients and groups': async () => {
    const topic = await topicOf()
    const configs = (type: string, name: string, ...more: string[]): Promise<string> =>
      on('configs', '--entity-type', type, '--entity-name', name, ...more)
    await configs('topics', topic, '--alter', '--add-config', 'retention.ms=60000,cleanup.policy=[compact,delete]')
    says(await configs('topics', topic, '--describe'), /retention\.ms=60000 .*DYNAMIC_TOPIC_CONFIG:retention\.ms=60000/, /cleanup\.policy=compact,delete/)
    await configs('topics', topic, '--alter', '--delete-config', 'retention.ms')
    ok(!/retention\.ms/.test(await configs('topics', topic, '--describe')), 'deleted')
    says(await configs('topics', topic, '--describe', '--all'), /retention\.ms=604800000 sensitive=false/)
    await configs('brokers', '1', '--alter', '--add-config', 'log.cleaner.backoff.ms=20000')
    says(await configs('brokers', '1', '--describe'), /log\.cleaner\.backoff\.ms=20000/)
    await on('configs', '--entity-type', 'brokers', '--entity-default', '--alter', '--add-config', 'message.max.bytes=2000000')
    says(await on('configs', '--entity-type', 'brokers', '--entity-default', '--describe'), /message\.max\.bytes=2000000/)
    const { code, complaints } = await tool(home, 'configs', [
      ...server, '--entity-type', 'topics', '--entity-name', topic, '--alter', '--add-config', 'retention.ms=soon',
    ])
    ok(code !== 0 && /InvalidConfigurationException/.test(complaints), `what does not parse: ${complaints}`)
    await configs('clients', 'somebody', '--alter', '--add-config', 'producer_byte_rate=1000000')
    says(await configs('clients', 'somebody', '--describe'), /producer_byte_rate=1000000/)
    await configs('groups', 'g', '--alter', '--add-config', 'consumer.heartbeat.interval.ms=6000')
    says(await configs('groups', 'g', '--describe'), /consumer\.heartbeat\.interval\.ms=6000/)
    says(await on('clientMetrics', '--list'), /^\s*$/)
  },
  'log directories': async () => {
    const topic = await topicOf()
    await produce(topic, values(5))
    const told = /\{.*\}/.exec(await on('logDirs', '--describe', '--topic-list', topic))?.[0] ?? '{}'
    const { brokers } = JSON.parse(told) as {
      brokers: Array<
        { logDirs: Array<{ error: null, partitions: Array<{ partition: string, size: number }> }> }
      >,
    }
    const [partition] = brokers[0]!.logDirs[0]!.partitions
    same(partition!.partition, `${topic}-0`, 'the partition')
    ok(partition!.size > 0, 'its size')
  },
  'delete records': async () => {
    const topic = await topicOf()
    await produce(topic, values(10))
    writeFileSync('offsets.json', JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset: 4 }] }))
    says(await on('deleteRecords', '--offset-json-file', 'offsets.json'), /low_watermark: 4/)
    same(await read(topic, 6, '--from-beginning'), values(10).slice(4), 'what is left')
  },
  'leader elections and reassignments': async () => {
    const topic = await topicOf()
    says(await on('leaderElection', '--election-type', 'preferred', '--topic', topic, '--partition', '0'), /Valid replica already elected/)
    writeFileSync('moves.json', JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, replicas: [1] }] }))
    await on('reassignPartitions', '--reassignment-json-file', 'moves.json', '--execute')
    says(await on('reassignPartitions', '--reassignment-json-file', 'moves.json', '--verify'), /is completed|no active reassignment/)
    says(await on('reassignPartitions', '--list'), /No partition reassignments found/)
  },
  'performance tools': async () => {
    const topic = await topicOf()
    says(await on('producerPerformance', '--topic', topic, '--num-records', '20000', '--record-size', '100', '--throughput', '-1',
      '--command-property', 'compression.type=lz4'), /20000 records sent/)
    const row = lines(await on('consumerPerformance', '--topic', topic, '--num-records', '20000')).at(-1)!.split(',')
    ok(Number(row[4]) >= 20_000, `records read: ${row.join()}`)
    says(await call('endToEndLatency', [bootstrap, topic, '50', 'all', '100']), /Avg latency/)
  },
}

try {
  home = kafkaHome()
} catch (error) {
  tell({ absent: (error as Error).message })
}
if (home !== '') {
  tell({ version: releaseOf(home) ?? '' })
  await run(cases)
}
