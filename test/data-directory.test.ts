/** Whose data a directory holds, and that nobody else's is touched. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DataDirectoryError, isDataDirectory, openDataDirectory, takeCleanShutdown, writeCleanShutdown } from '../src/data-directory.ts'
import { startBroker } from '../src/index.ts'

const ID = 'qKn_ob4HhDhIySyy6dIpCw'
const CLUSTER = '5L6g3nShT-eMCtK--X86sw'
/** As kafka-storage writes it: Java's comments, and keys in the order of a hash table. */
const KAFKA_META = `#\n#Tue Dec 01 14:42:05 UTC 2026\nnode.id=1\ndirectory.id=${ID}\nversion=1\ncluster.id=${CLUSTER}\n`
/** As our first versions wrote it. */
const EARLIER_META = `version=1\ncluster.id=${CLUSTER}\nnode.id=1\ndirectory.id=${ID}\n`
const STORE = { 'table.mdb': 'x', journal: { '0000000001.journal': 'x' }, volumes: { '0000000001.volume': 'x' } }
/** What Apache Kafka 4.3.1 keeps beside it once it has run. */
const KAFKA_DATA = {
  'bootstrap.checkpoint': 'x',
  'recovery-point-offset-checkpoint': '0\n1\nt 0 0\n',
  'log-start-offset-checkpoint': '0\n0\n',
  'replication-offset-checkpoint': '0\n1\nt 0 0\n',
  '.kafka_cleanshutdown': '{"version":0,"brokerEpoch":7}',
  '.lock': '',
  '__cluster_metadata-0': { '00000000000000000000.log': 'x', 'quorum-state': '{}' },
  't-0': { '00000000000000000000.log': 'x', 'partition.metadata': 'version: 0' },
}

type Tree = { [name: string]: string | Tree }

const root = t.testdir()

function directoryOf (tree: Tree): string {
  const path = mkdtempSync(join(root, 'd'))
  write(path, tree)
  return path
}

function write (path: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const at = join(path, name)
    if (typeof content === 'string') writeFileSync(at, content)
    else {
      mkdirSync(at)
      write(at, content)
    }
  }
}

/** Names, contents and times of all that is there. */
function contentOf (path: string): unknown {
  return readdirSync(path).sort().map(name => {
    const at = join(path, name)
    const stat = lstatSync(at)
    return [name, stat.mtimeMs, stat.isDirectory() ? contentOf(at) : readFileSync(at, 'utf8')]
  })
}

t.test('what is not ours is refused and not touched', async t => {
  const cases: Array<[what: string, tree: Tree, message: RegExp]> = [
    ['formatted by Kafka', { 'meta.properties': KAFKA_META, 'bootstrap.checkpoint': 'x' }, /data of Apache Kafka.*Point log\.dirs to an empty/],
    ['run by Kafka', { 'meta.properties': KAFKA_META, ...KAFKA_DATA }, /data of Apache Kafka/],
    ['with a file that looks like ours', { 'meta.properties': EARLIER_META, ...KAFKA_DATA }, /data of Apache Kafka/],
    ['opened by an earlier version of ours, before it was told', { 'meta.properties': KAFKA_META, ...KAFKA_DATA, ...STORE }, /data of Apache Kafka/],
    ['of a Kafka with ZooKeeper', { 'meta.properties': '#\nversion=0\nbroker.id=1\n', 't-0': {} }, /data of Apache Kafka/],
    ['half formatted by Kafka', { 'meta.properties.tmp': '#\n' }, /was not made by ottla/],
    ['of anybody', { 'letter.txt': 'x' }, /was not made by ottla \(it has letter\.txt\)/],
    ['somebody\'s home', { '.bashrc': 'x', '.ssh': {} }, /was not made by ottla/],
    ['of a later version', { 'ottla.properties': 'version=2\n' }, /ottla\.properties is not one that this version of ottla wrote/],
    ['of another cluster', { 'ottla.properties': EARLIER_META.replace(CLUSTER, 'other'), ...STORE }, /holds the data of cluster other.*Set CLUSTER_ID=other/],
    ['of another node', { 'ottla.properties': EARLIER_META.replace('node.id=1', 'node.id=2'), ...STORE }, /Set node\.id=2/],
    ['of another node, by an earlier version', { 'meta.properties': EARLIER_META.replace('node.id=1', 'node.id=2'), ...STORE }, /Set node\.id=2/],
  ]
  for (const [what, tree, message] of cases) {
    const path = directoryOf(tree)
    const before = contentOf(path)
    t.throws(() => openDataDirectory(path, 1, CLUSTER), { name: 'DataDirectoryError', message }, what)
    t.same(contentOf(path), before, `${what}: as it was`)
    await t.rejects(startBroker({ dataDirectory: path, clusterId: CLUSTER }),
      DataDirectoryError, what)
    t.same(contentOf(path), before, `${what}: a broker leaves it as it was`)
  }
})

t.test('an empty one becomes ours, whatever a file system or a desktop has put there', async t => {
  for (const tree of [{}, { 'lost+found': {} }, { '.DS_Store': 'x', '.gitignore': '*' }]) {
    const path = directoryOf(tree)
    const made = openDataDirectory(path, 1, undefined)
    t.same(openDataDirectory(path, 1, undefined), made)
    t.ok(isDataDirectory(path))
    t.notOk(readdirSync(path).includes('meta.properties'), 'Kafka finds nothing of its own')
  }
})

t.test('formatting that was interrupted goes on', async t => {
  for (const tree of [
    { 'ottla.properties.tmp': '' }, { 'ottla.properties.tmp': 'version=1\nclus' },
    { 'meta.properties.tmp': '' }, { 'meta.properties.tmp': 'version=1\nclus' },
  ]) {
    const path = directoryOf(tree)
    t.equal(openDataDirectory(path, 1, CLUSTER).clusterId, CLUSTER, JSON.stringify(tree))
    t.equal(openDataDirectory(path, 1, CLUSTER).clusterId, CLUSTER)
  }
})

t.test('one of an earlier version opens, and is left alone by Kafka from then on', async t => {
  const shutdown = '{"version":0,"brokerEpoch":7}'
  const whole = { 'meta.properties': EARLIER_META, '.kafka_cleanshutdown': shutdown, ...STORE }
  const own = EARLIER_META
  const steps: Array<[what: string, tree: Tree, epoch: bigint]> = [
    ['as it was left', whole, 7n],
    ['only formatted', { 'meta.properties': EARLIER_META }, -1n],
    ['with what a user put there', { ...whole, 'notes.txt': 'x' }, 7n],
    ['upgraded half: its own file is there', { ...whole, 'ottla.properties': own }, 7n],
    ['upgraded half: its own file is not whole', { ...whole, 'ottla.properties.tmp': 'version' }, 7n],
    ['upgraded half: the clean shutdown has its name',
      { 'meta.properties': EARLIER_META, 'ottla.properties': own, '.ottla_cleanshutdown': shutdown, ...STORE }, 7n],
  ]
  for (const [what, tree, epoch] of steps) {
    const path = directoryOf(tree)
    const expected = { path, clusterId: CLUSTER, nodeId: 1, directoryId: ID }
    t.ok(isDataDirectory(path), what)
    t.same(openDataDirectory(path, 1, CLUSTER), expected, what)
    const names = readdirSync(path)
    t.notOk(names.includes('meta.properties') || names.includes('.kafka_cleanshutdown'), what)
    t.equal(takeCleanShutdown(path), epoch, what)
    t.same(openDataDirectory(path, 1, CLUSTER), expected, `${what}: again`)
  }
})

t.test('cluster ids that an earlier version took as they were', async t => {
  const of = (written: string) => directoryOf({ 'meta.properties': EARLIER_META.replace(CLUSTER, written), ...STORE })
  t.equal(openDataDirectory(of(' abc '), 1, ' abc ').clusterId, 'abc')
  t.equal(openDataDirectory(of('"abc"'), 1, '"abc"').clusterId, 'abc')
  t.equal(openDataDirectory(of('a\\=b'), 1, 'a\\=b').clusterId, 'a\\=b')
  const unnamed = of('')
  const { clusterId } = openDataDirectory(unnamed, 1, '')
  t.match(clusterId, /^[\w-]{22}$/)
  t.equal(openDataDirectory(unnamed, 1, '').clusterId, clusterId, 'kept from then on')
})

t.test('CLUSTER_ID: what is written can be read, whatever it is', async t => {
  for (const given of ['abc', ' abc ', '"abc"', '5L6g3nShT-eMCtK--X86sw', 'a=b', 'a b', '#a', 'ä\u{1F600}', 'a\\b:c!', 'x'.repeat(255)]) {
    const path = directoryOf({})
    const made = openDataDirectory(path, 1, given)
    t.same(openDataDirectory(path, 1, given), made, given)
    t.same(openDataDirectory(path, 1, undefined), made, given)
  }
  for (const given of [undefined, '', '  ', '""']) {
    const path = directoryOf({})
    const made = openDataDirectory(path, 1, given)
    t.match(made.clusterId, /^[\w-]{22}$/, JSON.stringify(given))
    t.same(openDataDirectory(path, 1, given), made)
    t.same(openDataDirectory(path, 1, made.clusterId), made)
  }
  for (const given of ['a\nb', 'a\u0000', 'x'.repeat(256)]) {
    const path = directoryOf({})
    t.throws(() => openDataDirectory(path, 1, given), /^CLUSTER_ID=".*": an id has at most 255 characters and no control/)
    t.same(readdirSync(path), [])
  }
})

t.test('Kafka\'s tools used on one of ours take nothing from it', async t => {
  const path = directoryOf({})
  const made = openDataDirectory(path, 1, CLUSTER)
  write(path, STORE)
  writeCleanShutdown(path, 9n)
  write(path, { 'meta.properties': KAFKA_META, ...KAFKA_DATA })
  t.same(openDataDirectory(path, 1, CLUSTER), made)
  t.equal(readFileSync(join(path, 'meta.properties'), 'utf8'), KAFKA_META, 'nor do we from Kafka')
  t.equal(takeCleanShutdown(path), 9n, 'ours, not Kafka\'s')
  t.ok(readdirSync(path).includes('.kafka_cleanshutdown'))
})

t.test('R 2.5.6: a clean shutdown is known to the next start, and to no other', async t => {
  const path = directoryOf({})
  const file = join(path, '.ottla_cleanshutdown')
  const start = () => startBroker({ dataDirectory: path, settings: { listeners: ['PLAINTEXT://127.0.0.1:0'] } })
  const epochs: bigint[] = []
  for (let life = 0; life < 2; life++) {
    const broker = await start()
    t.notOk(existsSync(file), 'a kill from now on is none')
    await broker.stop()
    epochs.push(takeCleanShutdown(path))
    t.equal(takeCleanShutdown(path), -1n)
    writeCleanShutdown(path, epochs.at(-1) ?? 0n)
  }
  const [first = 0n, second = 0n] = epochs
  t.ok(first >= 0n && second > first, 'each is of its own registration')
})
