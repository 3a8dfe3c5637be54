/**
 * The command line elsewhere: time zones, writing that is not ASCII, bytes that are no writing,
 * many partitions.
 */
import { Readable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import { startBroker } from '../../src/index.ts'
import { runCommand } from '../support/command.ts'
import type { Said, Told } from '../support/command.ts'

const broker = await startBroker({ settings: { 'num.partitions': 1 } })
t.teardown(() => broker.stop())
const ask = (words: readonly string[], told: Told = {}): Promise<Said> =>
  runCommand([...words, '--bootstrap-server', broker.bootstrapServers], told)

const HERE = process.env.TZ
t.teardown(() => {
  if (HERE === undefined) delete process.env.TZ
  else process.env.TZ = HERE
})

/** Half hours, the date line, clocks that are changed in summer. */
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Kiritimati', 'Europe/Berlin']
const SUMMER_NIGHT_MS = Date.UTC(2026, 2, 29, 1, 30)

t.test('a time zone changes nothing: without one, times are UTC', async t => {
  await ask(['topics', 'create', 'zones'])
  for (const nowMs of [SUMMER_NIGHT_MS - 1, SUMMER_NIGHT_MS, SUMMER_NIGHT_MS + 3_600_000]) {
    await ask(['produce', 'zones'], { input: `${nowMs}\n`, nowMs: () => nowMs })
  }
  await ask(['consume', 'zones', '--group', 'g', '--from', 'beginning', '--until-end'])
  const seen = new Set<number>()
  for (const zone of ZONES) {
    process.env.TZ = zone
    seen.add(new Date(SUMMER_NIGHT_MS).getTimezoneOffset())
    for (const [from, count] of [
      ['2026-03-29T01:30', 2], ['2026-03-29T01:30:00.001', 1], ['2026-03-29T03:30:00+02:00', 2], ['2026-03-29', 3],
    ] as const) {
      const { rows } = await ask(['consume', 'zones', '--from', from, '--until-end', '--json'])
      t.equal(rows.length, count, `${zone}: from ${from}`)
      t.equal(rows.at(-1).timestamp, SUMMER_NIGHT_MS + 3_600_000)
    }
    const reset = ['groups', 'reset-offsets', 'g', '--topic', 'zones', '--json', '--to-datetime']
    t.equal((await ask([...reset, '2026-03-29T01:30'])).rows[0].newOffset, 1, `${zone}: reset`)
    t.equal((await ask(['consume', 'zones', '--from', '0', '--max-messages', '1', '--format', '%T'])).output,
      String(SUMMER_NIGHT_MS - 1))
  }
  t.ok(seen.size >= 4, 'the zones were in force')
})

const WORDS = ['ключ', '日本語', '🎈 é\u0301', 'עברית', 'ß→']

t.test('writing that is not ASCII comes back as it went', async t => {
  await ask(['topics', 'create', 'words', '--partitions', '3'])
  const input = WORDS.map((word, index) => `${word}→${WORDS.at(-1 - index)}\n`).join('')
  t.match(await ask(['produce', 'words', '--key-separator', '→', '--header', `${WORDS[0]}=${WORDS[1]}`], { input }),
    { exitCode: 0, messages: '' })
  const { rows } = await ask(['consume', 'words', '--from', 'beginning', '--until-end', '--json'])
  const byKey = new Map(rows.map(row => [row.key, row.value]))
  // The last word has the separator in it: its key is what stands before.
  const keys = [...WORDS.slice(0, -1), 'ß']
  t.same([...byKey.keys()].sort(), [...keys].sort())
  for (const [index, key] of keys.slice(0, -1).entries()) {
    t.equal(byKey.get(key), WORDS.at(-1 - index), key)
  }
  t.ok(rows.every(({ headers }) => headers[0].key === WORDS[0] && headers[0].value === WORDS[1]))
  const format = ['--format', '🎈%k=%v %h\\n']
  const shown = await ask(['consume', 'words', '--from', 'beginning', '--until-end', ...format])
  t.same(shown.output.split('\n').sort(), ['', ...rows.map(({ key, value }) =>
    `🎈${key}=${value} ${WORDS[0]}=${WORDS[1]}`)].sort())
  t.match(await ask(['consume', 'words', '--format', '%🎈']), { exitCode: 2, messages: /--format %🎈: there are/ })
  t.match(await ask(['topics', 'create', 'töpfe']), { exitCode: 1, messages: /töpfe.*INVALID_TOPIC_EXCEPTION/ })
})

t.test('bytes that are no writing are printed as they are', async t => {
  const value = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x80])
  const line = Buffer.concat([value, Buffer.from('\n')])
  await ask(['produce', 'bytes'], { input: Readable.from([line.subarray(0, 3), line.subarray(3)]) })
  const { bytes } = await ask(['consume', 'bytes', '--from', 'beginning', '--until-end'])
  t.same(bytes, line)
  const { rows } = await ask(['consume', 'bytes', '--from', 'beginning', '--until-end', '--json'])
  t.same(rows[0].value, { base64: value.toString('base64') })
})

t.test('groups of every writing are listed, described and reset', async t => {
  await ask(['topics', 'create', 'grouped'])
  await ask(['produce', 'grouped'], { input: '1\n2\n' })
  for (const group of WORDS) {
    t.equal((await ask(['consume', 'grouped', '--group', group, '--from', 'beginning', '--max-messages', '1'])).output, '1\n', group)
    t.same((await ask(['groups', 'describe', group, '--json'])).rows.map(row => row.group), [group])
    const reset = await ask(['groups', 'reset-offsets', group, '--topic', 'grouped:0', '--to-latest', '--execute', '--json'])
    t.match(reset.rows, [{ group, newOffset: 2, executed: true }])
  }
  const { output } = await ask(['groups', 'list'])
  const column = (group: string) => output.split('\n').find(line => line.startsWith(group))?.indexOf('Empty') as number
  t.equal(column('ключ') - column('日本語'), 3, 'wide characters take the room of two')
  const deleted = await ask(['groups', 'delete', ...WORDS, '--json'])
  t.same(deleted.rows.map(row => row.group).sort(), [...WORDS].sort())
})

t.test('many partitions: each in its order, and the whole', async t => {
  await ask(['topics', 'create', 'many', '--partitions', '7'])
  const input = Array.from({ length: 500 }, (_, index) => `k${index % 50}:${index}\n`).join('')
  await ask(['produce', 'many', '--key-separator', ':'], { input })
  const { rows } = await ask(['consume', 'many', '--from', 'beginning', '--until-end', '--json'])
  t.equal(rows.length, 500)
  t.equal(new Set(rows.map(({ partition }) => partition)).size, 7)
  for (let partition = 0; partition < 7; partition++) {
    const offsets = rows.filter(row => row.partition === partition).map(({ offset }) => offset)
    t.same(offsets, [...offsets.keys()], `partition ${partition}`)
  }
  await sumOf(t, ['consume', 'many', '--group', 'two', '--from', 'beginning', '--max-messages', '123'], 123)
  await sumOf(t, ['consume', 'many', '--group', 'two', '--until-end'], 500 - 123)
  const [group] = (await ask(['groups', 'describe', 'two', '--json'])).rows
  t.ok(group.offsets.every(({ lag }: { lag: number }) => lag === 0), 'nothing is left')
})

t.test('a topic that goes while it is read is named', async t => {
  await ask(['topics', 'create', 'goes', '--partitions', '2'])
  await ask(['produce', 'goes'], { input: 'first\n' })
  const reading = ask(['consume', 'goes', '--from', 'beginning'], {
    onOutput: output => { if (output === 'first\n') void ask(['topics', 'delete', 'goes']) },
  })
  t.match(await reading, { exitCode: 1, output: 'first\n', messages: /^ottla: topic goes: .*UNKNOWN_TOPIC/ })
  t.match(await ask(['produce', 'goes', '--partition', '9'], { input: 'late\n' }), { exitCode: 1, messages: /partitions 0 to 0, not 9/ })
})

async function sumOf (t: Test, words: readonly string[], count: number): Promise<void> {
  const { output } = await ask(words)
  t.equal(output.split('\n').length - 1, count, words.join(' '))
}
