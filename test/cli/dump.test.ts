/**
 * `ottla dump` of what a broker has left, and `readOnlyDisk`, which lets it look without a trace.
 */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeBatch } from '../../protocol/records/write.ts'
import { readOnlyDisk } from '../../src/cli/dump/read-only-disk.ts'
import { startBroker } from '../../src/index.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { runCommand } from '../support/command.ts'

const directory = t.testdir()
const data = join(directory, 'data')
const copy = join(directory, 'copy')
const broker = await startBroker({ dataDirectory: data })
const ask = (...words: string[]) => runCommand([...words, '--bootstrap-server', broker.bootstrapServers])
await ask('topics', 'create', 'orders', '--partitions', '2')
await runCommand(['produce', 'orders', '--partition', '1', '--key-separator', ':', '-b', broker.bootstrapServers],
  { input: 'a:1\nb:2\n', nowMs: () => 1234 })
await runCommand(['produce', 'orders', '--partition', '0', '-b', broker.bootstrapServers], { input: `${'x'.repeat(20_000)}\n` })
await ask('groups', 'reset-offsets', 'g', '--topic', 'orders:1', '--to-offset', '1', '--execute')
const whileRunning = await runCommand(['dump', data])
// What a killed broker leaves: nothing is flushed or closed for it.
cpSync(data, copy, { recursive: true, filter: path => !path.endsWith('/lock') })
await broker.stop()

/** Of everything but LMDB's lock files, which are no data. */
function fingerprint (path: string): string {
  const hash = createHash('sha256')
  for (const name of (readdirSync(path, { recursive: true }) as string[]).sort()) {
    if (!/\.(?:mdb|volume|journal|properties)$/.test(name)) continue
    hash.update(name).update(readFileSync(join(path, name)))
  }
  return hash.digest('hex')
}

t.test('while a broker runs there it is refused', async t => {
  t.match(whileRunning, { exitCode: 1, output: '', messages: /^ottla: a broker runs on .*data: stop it first, or dump a copy/ })
})

for (const [name, path] of [['stopped in order', data], ['killed', copy]] as const) {
  t.test(`the data of a broker that was ${name}`, async t => {
    const before = fingerprint(path)
    const { rows } = await runCommand(['dump', path, '--json'])
    const orders = rows.filter(({ topic }) => topic === 'orders')
    t.match(orders, [
      { partition: 0, startOffset: 0, endOffset: 1, damaged: false },
      { partition: 1, startOffset: 0, endOffset: 2 },
    ])
    t.match(rows[0], { log: '__cluster_metadata-0', topic: '__cluster_metadata', partition: 0 })
    t.match((await runCommand(['dump', path])).output, /^TOPIC +PARTITION +START OFFSET +END OFFSET +BYTES +DAMAGED +LOG\n/)

    const [, batch, ...records] = (await runCommand(['dump', path, '--log', 'orders-1', '--records', '--json'])).rows
    t.match(batch, { baseOffset: 0, lastOffset: 1, records: 2, codec: 'none', intact: true, magic: 2, producerId: 0, baseSequence: 0 })
    t.match(records, [
      { offset: 0, timestamp: 1234, key: 'a', value: '1', headers: [] }, { offset: 1, key: 'b', value: '2' },
    ])
    const large = await runCommand(['dump', path, '--log', 'orders-0', '--records', '--json'])
    t.equal(large.rows[2].value, 'x'.repeat(20_000), 'a large batch, which lies in the journal')

    const metadata = await runCommand(['dump', path, '--log', '__cluster_metadata-0', '--records', '--json'])
    t.match(metadata.rows.find(({ type }) => type === 'TopicRecord'), { decoded: { name: 'orders' } })
    t.match(metadata.rows.find(({ type }) => type === 'LEADER_CHANGE'), { decoded: { leaderId: 1 } })
    const offsets = (await runCommand(['dump', path, '--records', '--json'])).rows.filter(({ type }) => type === 'OffsetCommit')
    t.match(offsets, [{ decodedKey: { group: 'g', topic: 'orders', partition: 1 }, decoded: { offset: '1' } }])
    t.equal(fingerprint(path), before, 'not a byte has changed')
  })
}

t.test('parts of it', async t => {
  const text = await runCommand(['dump', data, '--log', 'orders-1', '--records', '--from', '1', '--limit', '1'])
  t.match(text.output, /^orders 1 {2}\S+-1\nbatch baseOffset=0 .*intact=true.*\n {2}record offset=0 .*key=a value=1 headers=\[\]\n/)
  t.equal((await runCommand(['dump', data, '--log', 'orders-1', '--batches', '--from', '2'])).output.split('\n').length, 2)
  t.match(await runCommand(['dump', data, '--log', 'nothing-0']), { exitCode: 1, messages: /--log nothing-0: there is no such log/ })
})

t.test('single files: our journal, and Kafka\'s', async t => {
  const [journal] = readdirSync(join(copy, 'journal'))
  const { rows } = await runCommand(['dump', join(copy, 'journal', journal as string), '--json', '--records'])
  t.match(rows.find(({ topic, partition, log }) => topic === 'orders' && partition === 1 && log), { endOffset: 2 })
  t.ok(rows.some(({ key, value }) => key === 'b' && value === '2'))

  const kafka = join(directory, 'orders-3')
  mkdirSync(kafka)
  const batches = [0n, 2n].map(baseOffset => writeBatch(
    [1, 2].map(number => ({ timestamp: 5n, key: null, value: Buffer.from([0xff, number]) })), { baseOffset, codec: 'gzip' }))
  const broken = Buffer.from(batches[1] as Buffer)
  broken[broken.length - 1] = (broken[broken.length - 1] as number) ^ 1
  writeFileSync(join(kafka, '00000000000000000000.log'), Buffer.concat([batches[0] as Buffer, broken, Buffer.from([0, 0])]))
  const file = await runCommand(['dump', join(kafka, '00000000000000000000.log'), '--records', '--json'])
  t.match(file, { exitCode: 1, messages: /^ottla: 00000000000000000000.log is damaged or cut short behind offset 4: .*copy\n$/ })
  t.match(file.rows[0], { topic: 'orders', partition: 3, startOffset: 0, endOffset: 4, damaged: true })
  t.match(file.rows.slice(1, 4), [{ intact: true, codec: 'gzip' }, { value: { base64: '/wE=' } }, { value: { base64: '/wI=' } }])
  t.match(file.rows.find(({ baseOffset }) => baseOffset === 2), { intact: false, codec: null })
})

t.test('damaged data ends in one line, whatever the damage', async t => {
  const stopped = join(directory, 'stopped')
  const damagedAt = (part: string, change: (bytes: Buffer) => Buffer, from = copy): string => {
    const path = t.testdir()
    cpSync(from, path, { recursive: true })
    for (const file of readdirSync(path, { recursive: true }).map(String).filter(
      name => name.endsWith(part)
    )) {
      writeFileSync(join(path, file), change(readFileSync(join(path, file))))
    }
    return path
  }
  const changes: Array<[string, (bytes: Buffer) => Buffer]> = [
    ['empty', () => Buffer.alloc(0)],
    ['cut', bytes => bytes.subarray(0, 5000)],
    ['cut behind its first pages', bytes => bytes.subarray(0, 8192)],
    ['zeros', bytes => Buffer.alloc(bytes.length)],
  ]
  for (const part of ['table.mdb', '.volume']) {
    for (const [name, change] of changes) {
      const answer = await runCommand(['dump', damagedAt(part, change), '--records'])
      t.match(answer, { exitCode: 1, messages: /^ottla: .* cannot be opened: \S+\.(?:mdb|volume) is damaged: .*; restore its directory from a copy\n$/ }, `${part} ${name}`)
      t.equal(answer.messages.split('\n').length, 2, answer.messages)
    }
  }
  // What was stopped in order has its large batches in the journal only.
  cpSync(data, stopped, { recursive: true, filter: path => !path.endsWith('/lock') })
  const lost = await runCommand(['dump', damagedAt('.journal', () => Buffer.alloc(0), stopped), '--records'])
  t.match(lost, { exitCode: 1, messages: /^ottla: log \S+-0 cannot be read any further \(.*\): restore it from a copy\n$/ })
})

t.test('what is no data is said to be none', async t => {
  writeFileSync(join(directory, 'text'), 'not batches at all, but long enough to look like some')
  const foreign = join(directory, 'kafka')
  mkdirSync(foreign)
  writeFileSync(join(foreign, 'meta.properties'), 'version=1\n')
  const rows: ReadonlyArray<[string, RegExp]> = [
    [join(directory, 'absent'), /absent does not exist: check the path/],
    [directory, /is no data directory of ottla; name the directory/],
    [foreign, /was not written by ottla: of Apache Kafka's data, name one .log/],
    [join(directory, 'text'), /text holds no record batches: /],
    [join(data, 'volumes', readdirSync(join(data, 'volumes'))[0] as string), /is one part of a data directory|holds no record/],
  ]
  for (const [path, messages] of rows) t.match(await runCommand(['dump', path]), { exitCode: 1, output: '', messages }, path)
})

t.test('a disk that is only read', async t => {
  const memory = new MemoryDisk()
  const below = memory.disk()
  below.createDirectory('/d')
  below.create('/d/file').write([Buffer.from('stored')], 0)
  const stored = below.openEnvironment('/d/kept', { mapBytes: 1000 })
  const pair = (key: string, value?: string) =>
    ({ key: Buffer.from(key), value: value === undefined ? undefined : Buffer.from(value) })
  await stored.apply([pair('a', '1'), pair('b', '2'), pair('c', '3')]).flushed

  const { disk, close } = readOnlyDisk(memory.disk())
  const file = disk.open('/d/file')
  const text = (): string => {
    const into = Buffer.alloc(file.size())
    return into.toString('utf8', 0, file.read(into, 0))
  }
  t.equal(text(), 'stored')
  file.write([Buffer.from('XY'), Buffer.from('Z!!')], 4)
  t.equal(text(), 'storXYZ!!')
  file.truncate(2)
  t.equal(text(), 'st')
  disk.create('/d/new').write([Buffer.from('n')], 1)
  t.same(disk.list('/d').sort(), ['file', 'kept', 'new'])
  disk.rename('/d/new', '/d/newer')
  await disk.unlink('/d/file')
  t.same([disk.list('/d').sort(), disk.exists('/d/file'), disk.exists('/d/newer')], [['kept', 'newer'], false, true])

  const kept = disk.openEnvironment('/d/kept', { mapBytes: 1000 })
  await kept.apply([pair('a'), pair('bb', 'new'), pair('c', 'changed')]).flushed
  const range = { start: Buffer.from('a'), end: Buffer.from('z') }
  const names = (keys: Buffer[]): string => keys.join(' ')
  t.equal(names(kept.keys(range)), 'b bb c')
  t.equal(names(kept.keys({ ...range, limit: 1 })), 'b', 'a removed key does not use the limit up')
  t.equal(names(kept.keys({ start: Buffer.from('bz'), end: Buffer.from('a'), reverse: true, limit: 2 })), 'bb b')
  t.same(['a', 'b', 'c'].map(key => kept.get(Buffer.from(key))?.toString()), [undefined, '2', 'changed'])
  t.equal(disk.openEnvironment('/d/kept', { mapBytes: 1000 }), kept, 'opened again it is the same')

  t.same([below.list('/d').sort(), stored.get(Buffer.from('c'))?.toString()], [['file', 'kept'], '3'], 'below nothing has changed')
  await close()
})
