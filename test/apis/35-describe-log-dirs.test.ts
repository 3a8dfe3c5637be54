/** DescribeLogDirs over the wire (D14.1-2). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import t from 'tap'
import { DescribeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import { startBroker } from '../../src/index.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'
import { denyAll } from '../support/second-broker.ts'

t.test('DescribeLogDirs, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 2)
  await raw.topic('b', 1)
  const batch = batchOf(['x', 'y'])
  await produce(client, 'a', Buffer.from(batch), { index: 1 })
  await produce(client, 'a', Buffer.from(batch), { index: 1 })
  const row = (partitionIndex: number, batches: number) => ({
    partitionIndex, partitionSize: BigInt(batches * batch.length), offsetLag: 0n,
    isFutureKey: false,
  })
  const describe = (
    version: number, topics: Array<{ topic: string, partitions: number[] }> | null
  ) =>
    client.request(DescribeLogDirs, version, { topics })
  for (let version = 1; version <= 5; version++) {
    const directory = {
      errorCode: 0,
      logDir: '/ottla',
      totalBytes: version >= 4 ? 1000n : -1n,
      usableBytes: version >= 4 ? 400n : -1n,
      isCordoned: false,
    }
    const answer = (topics: object[]) =>
      ({ throttleTimeMs: 0, errorCode: 0, results: [{ ...directory, topics }] })
    t.same(await describe(version, null), answer([
      { name: 'a', partitions: [row(0, 0), row(1, 2)] }, { name: 'b', partitions: [row(0, 0)] },
    ]), `v${version}: null is all`)
    t.same(await describe(version, [{ topic: 'a', partitions: [1, 9] }, { topic: 'gone', partitions: [0] }]),
      answer([{ name: 'a', partitions: [row(1, 2)] }]), 'unknown ones are absent')
    t.same(await describe(version, []), answer([]), 'D14.1: the directory is told even so')
  }
  const self = raw.broker.metadata.brokers.get(raw.broker.nodeId)
  Object.assign(self as object, { cordonedLogDirs: [raw.broker.logDirectory.id] })
  t.match((await describe(5, [])).results, [{ isCordoned: true }], 'KIP-1066')
  denyAll(raw)
  for (let version = 1; version <= 5; version++) {
    t.same(await describe(version, null),
      { throttleTimeMs: 0, errorCode: version >= 3 ? 31 : 0, results: [] }, `D14.1: denied v${version}`)
  }
})

t.test('a directory on the disk has an absolute path, and a file system', async t => {
  const parent = mkdtempSync(join(tmpdir(), 'log-dirs-'))
  t.teardown(() => { rmSync(parent, { recursive: true }) })
  const dataDirectory = join(parent, 'data')
  const broker = await startBroker({ dataDirectory: relative(process.cwd(), dataDirectory) })
  t.teardown(() => broker.stop())
  const client = await RawClient.connect(broker.port)
  const { results } = await client.request(DescribeLogDirs, 4, { topics: null })
  client.end()
  const [row] = results
  t.equal(row?.logDir, dataDirectory)
  t.ok((row?.totalBytes ?? 0n) >= (row?.usableBytes ?? 0n) && (row?.usableBytes ?? 0n) > 0n)
})
