/** Reads that only count what they find: where it lies when its turn comes, and when it is gone. */
import t from 'tap'
import type { Test } from 'tap'
import type { BytesAtHand } from '../../protocol/bytes-to-come.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import type { Disk } from '../../src/store/disk.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log, LogRead, Store, StoreOptions } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { restOf } from './model.ts'

const MB = 1024 * 1024

async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

function flushed (store: Store): Promise<void> { return until(() => store.stats().pendingBytes === 0) }

const batches = [
  batch({ base: 0, bytes: 200 }), batch({ base: 1, bytes: 3 * MB }), batch({ base: 2, bytes: 50_000 }),
  batch({ base: 3, bytes: 300 }), batch({ base: 4, bytes: 2 * MB + 7 }), batch({ base: 5, bytes: 100 }),
]
const whole = Buffer.concat(batches)

const disks: ReadonlyArray<readonly [string, (directory: string) => { disk: Disk, path: string }]> = [
  ['memory', () => ({ disk: new MemoryDisk().disk(), path: '/data' })],
  ['this machine\'s disk', path => ({ disk: nodeDisk(), path })],
]

for (const [name, make] of disks) {
  t.test(`${name}: a large batch comes in slices from wherever it lies`, async t => {
    const { disk, path } = make(t.testdir())
    const open = (options: Partial<StoreOptions>): Promise<Store> =>
      openStore(path, realEnvironment(disk), { flushIntervalMs: 5, ...options })
    let store = await open({ flushIntervalMs: 1_000_000 })
    const log = store.openLog('log')
    for (const each of batches) await log.append(each, false)
    await readInParts(t, log, 'the tail')
    await store.close()
    store = await open({})
    await readInParts(t, store.openLog('log'), 'the active volume')
    await store.close()
    store = await open({ volumeBytes: 1000 })
    const { volumes } = store.stats()
    for (let base = 0; store.stats().volumes === volumes; base++) {
      await store.openLog('other').append(batch({ base, bytes: 2000 }), false)
      await flushed(store)
    }
    await readInParts(t, store.openLog('log'), 'a sealed volume')
    await store.close()
  })
}

async function readInParts (t: Test, log: Log, where: string): Promise<void> {
  for (const [atHandMax, partBytes] of [[0, 64 * 1024], [1000, 300_000], [4 * MB, 100 * MB]] as const) {
    const read = await log.read(0n, 6n, 100 * MB, true, atHandMax)
    t.equal(read.bytes, whole.length, where)
    const atHand = Buffer.concat(read.chunks)
    read.release()
    t.ok(atHand.length <= 1000, 'a large batch is never at hand')
    t.ok(Buffer.concat([atHand, await restOf(read, partBytes)]).equals(whole), `${where}, ${partBytes} bytes a part`)
  }
}

t.test('what was cut, trimmed or compacted since is gone', async t => {
  const ways: ReadonlyArray<readonly [string, (log: Log, store: Store) => Promise<unknown>]> = [
    ['truncated', log => log.truncate(2n)],
    ['trimmed', log => log.advanceStart(2n)],
    ['started again', log => log.reset(9n)],
    ['deleted', (_, store) => store.deleteLog('log')],
    ['compacted', async (log, store) => {
      await flushed(store)
      t.ok(await log.rewrite({ from: 0n, to: 4n, revision: log.revision }, [batch({ base: 3, bytes: 100 })]))
    }],
  ]
  for (const [name, change] of ways) {
    const store = await openStore('/data', realEnvironment(new MemoryDisk().disk()), { flushIntervalMs: 5 })
    const log = store.openLog('log')
    for (let base = 0; base < 4; base++) await log.append(batch({ base, bytes: 40_000 }), false)
    const read = log.read(0n, 4n, MB, true, 0) as LogRead
    t.equal(read.bytes, 160_000)
    const first = await read.rest?.next(40_000) as BytesAtHand
    t.equal(first.bytes, 40_000)
    first.release()
    await change(log, store)
    await t.rejects(async () => { await read.rest?.next(MB) }, { code: 'GONE' }, name)
    read.release()
    await store.close()
  }
})
