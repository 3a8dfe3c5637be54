/** kcat, the command-line client over librdkafka: whatever release the machine has. */
import { kcat, kcatVersion } from '../../support/kcat.ts'
import { bootstrap, fresh, ok, run, same, tell } from '../harness.ts'

const lines = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `${from + n}`)
const sorted = (all: string[]): string[] => all.sort((a, b) => Number(a) - Number(b))

/** Its output; throws with its complaints when it fails. */
async function call (words: string[], input = ''): Promise<string> {
  const { code, output, complaints } = await kcat(bootstrap, words, input)
  if (code !== 0) throw new Error(`kcat ${words.join(' ')}: exit code ${code}: ${complaints}`)
  return output
}

const produce = (topic: string, input: string[], ...more: string[]): Promise<string> =>
  call(['-P', '-t', topic, ...more], input.join('\n'))
const read = async (topic: string, ...more: string[]): Promise<string[]> =>
  (await call(['-C', '-t', topic, '-e', '-q', ...more])).split('\n').slice(0, -1)

/** Reads with a group until it has so many records, then leaves. */
const member = async (groupId: string, topic: string, count: number): Promise<string[]> =>
  (await call([
    '-G', groupId, '-c', `${count}`, '-q', '-X', 'auto.offset.reset=earliest', '-X', 'heartbeat.interval.ms=200', topic,
  ])).split('\n').slice(0, -1)

const codecs = Object.fromEntries(['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap(codec => ['false', 'true'].map(idempotence => [
  `produce with codec ${codec}${idempotence === 'true' ? ', idempotent' : ''}`,
  async () => {
    const [topic, sent] = [fresh('codec'), lines(200).map(line => `value ${line} ${codec}`)]
    await produce(topic, sent, '-z', codec, '-X', `enable.idempotence=${idempotence}`)
    same(await read(topic, '-o', 'beginning'), sent, 'what is read')
  },
])))

const cases = {
  'list the cluster': async () => {
    const topic = fresh('listed')
    await produce(topic, ['x'])
    const told = JSON.parse(await call(['-L', '-J'])) as {
      brokers: Array<{ name: string }>,
      topics: Array<{ topic: string, partitions: Array<{ leader: number }> }>,
    }
    same(told.brokers.map(({ name }) => name), [bootstrap], 'brokers')
    same(told.topics.find(each => each.topic === topic)?.partitions.length, 1, 'partitions')
  },
  'keys, headers and nulls': async () => {
    const topic = fresh('fields')
    await produce(topic, ['a:one', 'b:', ':three'], '-K', ':', '-Z', '-H', 'h1=x', '-H', 'h2=y')
    same(await read(topic, '-o', 'beginning', '-f', '%o|%k|%K|%s|%S|%h\n'),
      ['0|a|1|one|3|h1=x,h2=y', '1|b|1||-1|h1=x,h2=y', '2||-1|three|5|h1=x,h2=y'], 'records')
  },
  ...codecs,
  'acks 0, 1 and all': async () => {
    const topic = fresh('acks')
    for (const acks of ['0', '1', 'all']) await produce(topic, [acks], '-X', `acks=${acks}`)
    same((await read(topic, '-o', 'beginning')).sort(), ['0', '1', 'all'], 'records')
  },
  'consume from offsets': async () => {
    const topic = fresh('offsets')
    await produce(topic, lines(10))
    same(await read(topic, '-o', '7'), lines(3, 7), 'from 7')
    same(await read(topic, '-o', '-2'), lines(2, 8), 'the last two')
    same(await read(topic, '-o', 'end'), [], 'the end')
  },
  'offsets and records by timestamp': async () => {
    const topic = fresh('times')
    await produce(topic, lines(3))
    const [, second] = await read(topic, '-o', 'beginning', '-f', '%T\n')
    await new Promise(resolve => { setTimeout(resolve, 5) })
    await produce(topic, lines(3, 3))
    const later = Number((await read(topic, '-o', '3', '-f', '%T\n'))[0])
    ok(later > Number(second), 'the second lot is later')
    const query = async (timestamp: number): Promise<string> => (await call(['-Q', '-t', `${topic}:0:${timestamp}`])).trim()
    same(await query(later), `${topic} [0] offset 3`, 'the offset of its time')
    same(await query(-1), `${topic} [0] offset 6`, 'the end')
    same(await query(-2), `${topic} [0] offset 0`, 'the beginning')
    same(await read(topic, '-o', `s@${later}`), lines(3, 3), 'records from then on')
  },
  'a group goes on from what it has committed': async () => {
    const [topic, groupId] = [fresh('resumed'), fresh('group')]
    await produce(topic, lines(20))
    same(sorted(await member(groupId, topic, 20)), lines(20), 'the first time')
    await produce(topic, lines(5, 20))
    same(sorted(await member(groupId, topic, 5)), lines(5, 20), 'the second time')
  },
  'two members of a group': async () => {
    const [topic, groupId] = [fresh('shared'), fresh('group')]
    await produce(topic, lines(10))
    // One partition: the member that has none waits, and takes over when the first has its ten and
    // leaves.
    const both = Promise.all([member(groupId, topic, 10), member(groupId, topic, 10)])
    let isOver = false
    const feed = (async () => {
      for (let from = 10; !isOver; from += 10) {
        await produce(topic, lines(10, from))
        await new Promise(resolve => { setTimeout(resolve, 100) })
      }
    })()
    const [one, other] = await both.finally(() => { isOver = true })
    await feed
    same(sorted([...one, ...other]), lines(20), 'each record once')
  },
  'a message that is too large is refused': async () => {
    const topic = fresh('large')
    const { code, complaints } = await kcat(bootstrap, [
      '-P', '-t', topic, '-X', 'message.max.bytes=3000000',
    ], 'x'.repeat(2_000_000))
    ok(code !== 0 && /too large/i.test(complaints), `exit code ${code}: ${complaints}`)
  },
}

if (kcatVersion === undefined) tell({ absent: 'kcat is not on this machine' })
else {
  tell({ version: kcatVersion.replace(/^Version (\S+).*librdkafka (\S+).*$/, '$1, librdkafka $2') })
  await run(cases)
}
