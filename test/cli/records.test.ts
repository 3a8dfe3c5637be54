/** `ottla produce`, `consume` and `groups` against a broker in memory. */
import t from 'tap'
import { startBroker } from '../../src/index.ts'
import { partitionOfKey, recordOf } from '../../src/cli/records/produce.ts'
import { formatter } from '../../src/cli/records/format.ts'
import { RecordReader } from '../../src/cli/records/reader.ts'
import { code } from '../../protocol/errors.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import { target } from '../../src/cli/groups/reset.ts'
import { rangeOf } from '../../src/client/group-member.ts'
import { runCommand, typedInput } from '../support/command.ts'
import type { Said, Told } from '../support/command.ts'

const broker = await startBroker({ settings: { 'num.partitions': 3 } })
t.teardown(() => broker.stop())
const ask = (line: string | readonly string[], told: Told = {}): Promise<Said> => runCommand(
  [...typeof line === 'string' ? line.split(' ') : line, '--bootstrap-server', broker.bootstrapServers], told)

t.test('a damaged batch is named, behind what can be read', async t => {
  const whole = writeBatch([{ timestamp: 1n, key: null, value: Buffer.from('fine') }], { baseOffset: 0n })
  const broken = Buffer.from(writeBatch([{ timestamp: 1n, key: null, value: Buffer.from('spoilt') }], { baseOffset: 1n }))
  broken[broken.length - 1] = 0xff
  const answers = [Buffer.concat([whole, broken]), broken]
  const client = {
    retrying: (run: () => unknown) => run(),
    describe: () => ({ topics: new Map([['t', { topicId: '', partitions: [{ partition: 0, leaderId: 1 }] }]]) }),
    broker: () => {
      const partitions = [{ partitionIndex: 0, errorCode: 0, records: answers.shift() }]
      return { errorCode: 0, responses: [{ partitions }] }
    },
  }
  const reader = new RecordReader(client as never, 't', new Map([[0, 0n]]), 0)
  t.match((await reader.next()).map(({ record }) => String(record.value)), ['fine'])
  await t.rejects(reader.next(), { name: 'CommandError', message: /^partition 0 of topic t is damaged at offset 1 \(.*\): .*--from/ })
})

t.test('with several leaders, what is asked anew is not lost', async t => {
  const batch = (value: string): Buffer =>
    writeBatch([{ timestamp: 1n, key: null, value: Buffer.from(value) }], { baseOffset: 0n })
  const answer = (partitionIndex: number, errorCode: number, records: Buffer = Buffer.alloc(0)) =>
    ({ errorCode: 0, responses: [{ partitions: [{ partitionIndex, errorCode, records }] }] })
  let late: (answered: unknown) => void = () => {}
  const rounds: Record<number, Array<() => unknown>> = {
    1: [() => answer(0, code.NOT_LEADER_OR_FOLLOWER), () => new Promise(() => {})],
    2: [() => new Promise(resolve => { late = resolve }), () => answer(1, 0, batch('once'))],
  }
  const partitions = [{ partition: 0, leaderId: 1 }, { partition: 1, leaderId: 2 }]
  const client = {
    retrying: (run: () => unknown) => run(),
    describe: () => ({ topics: new Map([['t', { topicId: '', partitions }]]) }),
    forget: () => {},
    broker: async (leader: number) => rounds[leader]?.shift()?.(),
  }
  const reader = new RecordReader(client as never, 't', new Map([[0, 0n], [1, 0n]]), 0)
  t.same(await reader.next(), [], 'leader 1 has to be looked for anew')
  t.notOk(reader.hasLooked, 'leader 2 has not answered')
  late(answer(1, 0, batch('once')))
  await new Promise(resolve => { setImmediate(resolve) })
  t.match((await reader.next()).map(({ record }) => String(record.value)), ['once'])
  t.ok(reader.hasLooked)
  t.equal(reader.positions.get(1), 1n)
})

t.test('lines become records, and records lines', async t => {
  t.match(await ask('produce lines', { input: 'one\r\n\ntwo\nthree' }), { exitCode: 0, output: '', messages: '' },
    'the topic is made')
  t.equal((await ask('consume lines --from beginning --until-end')).output, 'one\n\ntwo\nthree\n')
  t.equal((await ask('consume lines --from beginning --max-messages 2')).output, 'one\n\n')
  t.same((await ask('produce lines --json', { input: 'a\nb\n' })).rows, [{ topic: 'lines', records: 2 }])

  const keyed = await ask(['produce', 'keyed', '--key-separator', ':', '--null-value', 'NULL', '--header', 'h=1', '--header',
    'i='], { input: 'a:1\nb:NULL\nno key\n:empty\na:x:y\n', nowMs: () => 77 })
  t.match(keyed, { exitCode: 0, messages: '' })
  const { rows } = await ask('consume keyed --from beginning --until-end --json')
  const headers = [{ key: 'h', value: '1' }, { key: 'i', value: '' }]
  const order = (row: any): string => `${row.key} ${row.value}`
  const sorted = rows.map(
    ({ topic, timestamp, key, value, headers }) => ({ topic, timestamp, key, value, headers })
  )
    .sort((left, right) => order(left) < order(right) ? -1 : 1)
  t.same(sorted, [
    ['', 'empty'], ['a', '1'], ['a', 'x:y'], ['b', null], [null, 'no key'],
  ].map(([key, value]) => ({ topic: 'keyed', timestamp: 77, key, value, headers })))
  t.equal(new Set(rows.filter(({ key }) => key === 'a').map(({ partition }) => partition)).size, 1, 'a key has one partition')
})

t.test('each way to send', async t => {
  await ask('topics create ways --partitions 2')
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    for (const acks of ['all', '1', '0']) {
      t.match(await ask(`produce ways --partition 1 --compression ${compression} --acks ${acks}`, { input: `${compression} ${acks}\n` }),
        { exitCode: 0, messages: '' }, `${compression} ${acks}`)
    }
  }
  const { rows } = await ask('consume ways --from beginning --max-messages 15 --json')
  t.same(rows.map(({ offset }) => offset), [...rows.keys()])
  t.equal(rows.length, 15)
  t.ok(rows.every(({ partition }) => partition === 1))

  const file = t.testdir({ lines: `${'x'.repeat(100)}\n`.repeat(10_000) })
  t.match(await ask(['produce', 'ways', '--file', `${file}/lines`, '--partition', '0'], { isWatched: true }),
    { exitCode: 0, messages: /10000 records sent/ }, 'a file of a megabyte')
  t.same((await ask('offsets ways --json')).rows[0].latest, 10_000)
})

t.test('a typed line goes at once', async t => {
  const input = typedInput()
  const stop = new AbortController()
  const reading = ask('consume live --from beginning', {
    interruption: stop.signal, onOutput: output => { if (output === 'first\nsecond\n') stop.abort() },
  })
  t.equal((await reading).exitCode, 1, 'there is no such topic yet')
  await ask('topics create live')
  const again = ask('consume live --from beginning', {
    interruption: stop.signal,
    onOutput: output => {
      if (output === 'first\n') input.write('second\n')
      if (output === 'first\nsecond\n') stop.abort()
    },
  })
  input.write('first\n')
  const writing = ask('produce live', { input })
  t.match(await again, { exitCode: 0, output: 'first\nsecond\n' }, 'ends in order when it is interrupted')
  input.end()
  t.equal((await writing).exitCode, 0)
})

t.test('where reading begins and ends', async t => {
  await ask('topics create from --partitions 1')
  for (const at of [1000, 2000, 3000, 4000]) await ask('produce from', { input: `${at}\n`, nowMs: () => at })
  const rows: ReadonlyArray<[string, string]> = [
    ['beginning', '1000 2000 3000 4000'], ['end', ''], ['2', '3000 4000'], ['-1', '4000'], ['-9', '1000 2000 3000 4000'],
    ['@2500', '3000 4000'], ['1970-01-01T00:00:03Z', '3000 4000'], ['2030-01-01', ''],
  ]
  for (const [from, values] of rows) {
    const { output } = await ask(['consume', 'from', '--from', from, '--until-end'])
    t.equal(output.trim().split('\n').join(' '), values, from)
  }
  const format = await ask(['consume', 'from', '--from', '3', '--max-messages', '1', '--format', '%t/%p/%o/%T/%k=%v %h%%\\n'])
  t.equal(format.output, 'from/0/3/4000/null=4000 %\n')
  t.match(await ask('consume from --timeout 1'), { exitCode: 0, output: '' }, 'nothing comes')
  t.match(await ask('consume from --from end --timeout 1', { isWatched: true }),
    { messages: /reading from, partitions 0, from the end; --from beginning shows what is there[\s\S]*0 records read/ })
  t.match(await ask('consume from --from 99 --timeout 1'),
    { exitCode: 1, messages: /topic from: .*OFFSET_OUT_OF_RANGE\); see "ottla offsets"/ })
  // Its time is over before the broker is asked.
  let lookMs = 0
  const hasty = { monotonicMs: () => lookMs += 1000 }
  t.match(await ask('consume from --from 99 --timeout 1', hasty), { exitCode: 1, messages: /OFFSET_OUT_OF_RANGE/ })
  t.match(await ask('consume from --from beginning --timeout 1', hasty), { output: '1000\n2000\n3000\n4000\n' })
})

t.test('a time that only some partitions reach is the end of the others', async t => {
  await ask('topics create timed --partitions 2')
  await ask('produce timed --partition 0', { input: '1\n', nowMs: () => 4000 })
  await ask('produce timed --partition 0', { input: '2\n', nowMs: () => 5000 })
  await ask('produce timed --partition 1', { input: 'early\n', nowMs: () => 4000 })
  t.equal((await ask('consume timed --from @4500 --until-end')).output, '2\n')
  t.equal((await ask('consume timed --from @4000 --until-end')).output.split('\n').sort().join(), ',1,2,early')
})

t.test('what makes no sense is said', async t => {
  const rows: ReadonlyArray<[readonly string[], number, RegExp]> = [
    [['consume', 'from', '--from', 'sunrise'], 2, /--from sunrise: give beginning, end, an offset/],
    [['consume', 'from', '--partition', 'x'], 2, /--partition x: give a whole number/],
    [['consume', 'from', '--partition', '4'], 1, /topic from has partitions 0 to 0, not 4/],
    [['consume', 'from', '--group', 'g', '--partition', '0'], 2, /--group shares the partitions itself/],
    [['consume', 'from', '--format', '%q'], 2, /--format %q: there are %t %p/],
    [['consume', 'no topic'], 1, /INVALID_TOPIC_EXCEPTION/],
    [['consume'], 2, /missing required argument 'topic'/],
    [['produce', 'from', '--partition', '9'], 1, /topic from has partitions 0 to 0, not 9/],
    [['produce', 'from', '--acks', '2'], 2, /Allowed choices are all, 1, 0/],
    [['produce', 'from', '--header', 'x'], 2, /--header x: give name=value/],
    [['produce', 'from', '--key-separator', ''], 2, /--key-separator: give at least one character/],
    [['produce', 'from', '--file', '/no/such/file'], 1, /\/no\/such\/file does not exist: check the path/],
    [['groups', 'reset-offsets', 'g', '--all-topics'], 2, /where to\? give one of/],
    [['groups', 'reset-offsets', 'g', '--to-latest'], 2, /of which topics\?/],
    [['groups', 'reset-offsets', 'g', '--to-latest', '--topic', 'a:x'], 2, /--topic a:x: give a name, or a name and partitions/],
    [['groups', 'reset-offsets', 'g', '--all-topics', '--by-duration', '1h'], 2, /--by-duration 1h: give a duration/],
    [['groups', 'reset-offsets', 'g', '--to-latest', '--topic', 'absent'], 1, /topic absent/],
    [['groups', 'delete', 'absent'], 1, /group absent: .*GROUP_ID_NOT_FOUND/],
    [['groups', 'delete-offsets', 'absent', '--topic', 'from:0'], 1, /group absent: .*GROUP_ID_NOT_FOUND/],
  ]
  for (const [words, exitCode, messages] of rows) t.match(await ask(words), { exitCode, output: '', messages }, words.join(' '))
  t.match(await ask(['produce', 'from'], { input: `${'x'.repeat(2_000_000)}\n` }),
    { exitCode: 1, messages: /topic from partition 0, after 0 records: .*MESSAGE_TOO_LARGE\); raise max.message.bytes/ })
})

t.test('a group goes on where it was; its offsets are shown, reset and deleted', async t => {
  await ask('topics create grouped --partitions 2')
  await ask('produce grouped --partition 0', { input: '1\n2\n3\n4\n', nowMs: () => 5000 })
  t.equal((await ask('consume grouped --group g --from beginning --max-messages 3')).output, '1\n2\n3\n')
  t.equal((await ask('consume grouped --group g --from beginning --until-end')).output, '4\n', 'goes on')
  t.same((await ask('groups list --json')).rows, [{ group: 'g', state: 'Empty', type: 'classic', protocol: 'consumer' }])
  t.match((await ask('groups list --state Stable')), { output: '', messages: /no groups/ })
  const [group] = (await ask('groups describe g --json')).rows
  t.match(group, { group: 'g', state: 'Empty', type: 'classic', coordinator: 1, members: [] })
  t.match(group.offsets, [
    { topic: 'grouped', partition: 0, currentOffset: 4, logEndOffset: 4, lag: 0, memberId: null }, { partition: 1, lag: 0 },
  ])

  const shown = await ask('groups reset-offsets g --all-topics --to-earliest')
  t.match(shown, { exitCode: 0, messages: /nothing has changed yet: add --execute/ })
  t.match(shown.output, /^TOPIC +PARTITION +CURRENT OFFSET +NEW OFFSET\ngrouped +0 +4 +0\n/)
  const resets: ReadonlyArray<[string, number, RegExp]> = [
    ['--shift-by -3', 1, /^$/], ['--to-offset 99', 4, /grouped 0 has 0 to 4: 4 instead of 99/], ['--to-current', 4, /^$/],
    ['--to-datetime @4000', 0, /^$/], ['--to-datetime 2030-01-01T00:00', 4, /^$/], ['--by-duration P1D', 4, /^$/],
    ['--to-latest', 4, /^$/], ['--shift-by +1', 4, /4 instead of 5/], ['--to-offset 2', 2, /^$/],
  ]
  for (const [how, offset, messages] of resets) {
    const said = await ask(`groups reset-offsets g --topic grouped:0 ${how} --execute --json`)
    t.match([said.rows, said.messages], [[{ group: 'g', topic: 'grouped', newOffset: offset, executed: true }], messages], how)
  }
  t.equal((await ask('consume grouped --group g --until-end')).output, '3\n4\n')
  t.same((await ask('groups reset-offsets new --topic grouped --to-latest --execute --json')).rows.map(row => row.newOffset),
    [4, 0], 'a group that does not exist yet')

  t.same((await ask('groups delete-offsets g --topic grouped:0 --json')).rows, [{ group: 'g', topic: 'grouped', partition: 0 }])
  t.same((await ask('groups describe g --json')).rows[0].offsets.map((each: any) => each.partition), [1])
  t.same((await ask('groups delete g new --json')).rows, [{ group: 'g' }, { group: 'new' }])
  t.match(await ask('groups describe'), { exitCode: 0, messages: /no groups/ })
})

t.test('two members share the partitions, and a group with members is left alone', async t => {
  await ask('topics create shared --partitions 2')
  const stop = new AbortController()
  const members = [0, 1].map(() => ask(['consume', 'shared', '--group', 'both', '--format', '%v;'], { interruption: stop.signal }))
  const sharing = async (): Promise<any> => {
    for (;;) {
      const [group] = (await ask('groups describe both --json').catch(() => ({ rows: [] }))).rows
      if (group?.state === 'Stable' && group.members.length === 2) return group
    }
  }
  const group = await sharing()
  const shared = group.members.flatMap(
    (member: any) => member.partitions.flatMap((each: any) => each.partitions)
  )
  t.same(shared.sort(), [0, 1])
  t.match((await ask('groups describe both --members')).output, /shared:0\n[\s\S]*shared:1|shared:1\n[\s\S]*shared:0/)
  t.match(await ask('groups describe both'), { output: /both {2}Stable \(classic, range\) {2}coordinator 1 {2}2 members/ })
  t.match(await ask('groups reset-offsets both --topic shared --to-latest'), { exitCode: 1, messages: /group both is Stable: stop its members/ })
  t.match(await ask('groups delete both'), { exitCode: 1, messages: /NON_EMPTY_GROUP\); stop its members first/ })
  t.equal((await ask('groups delete both')).output, '', 'it is not told as deleted')
  stop.abort()
  for (const said of await Promise.all(members)) t.match(said, { exitCode: 0, messages: '' })
  t.equal((await ask('groups list --json')).rows.find(each => each.group === 'both').state, 'Empty', 'they have left')
})

t.test('small rules', async t => {
  t.same([2, 3].map(count => rangeOf(['b', 'a'], count).map(({ memberId, partitions }) => [memberId, ...partitions])),
    [[['a', 0], ['b', 1]], [['a', 0, 1], ['b', 2]]])
  // As Kafka's own DefaultPartitioner places them on 10 partitions.
  t.equal(partitionOfKey(Buffer.from('21'), 10), (-973932308 & 0x7fffffff) % 10)
  t.same(recordOf(Buffer.from('a::b'), { keySeparator: '::' }), { key: Buffer.from('a'), value: Buffer.from('b') })
  t.same(recordOf(Buffer.from('ä→€'), { keySeparator: '→' }), { key: Buffer.from('ä'), value: Buffer.from('€') })
  t.same(recordOf(Buffer.from('a'), {}), { key: null, value: Buffer.from('a') })
  const bounds = { least: 10n, most: 20n }
  const shared = { bootstrapServer: '', topic: [] }
  t.equal(target({ ...shared, shiftBy: 5n }, undefined, undefined, bounds), undefined, 'from where?')
  t.equal(target({ ...shared, toCurrent: true }, undefined, undefined, bounds), 20n)
  const record = { offset: 1n, timestamp: 2n, key: Buffer.from('k'), value: null, headers: [{ key: 'h', value: Buffer.from('x') }] }
  t.equal(String(formatter('\\t%k|%v|%h|%%\\\\')('t', { partition: 0, record })), '\tk|null|h=x|%\\')
})
