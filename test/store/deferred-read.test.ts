/** Reads that only count what they find: where it lies when its turn comes, and when it is gone. */
import t from 'tap'
import type { Test } from 'tap'
import type { BytesAtHand } from '../../protocol/bytes-to-come.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import type { Disk } from '../../src/store/disk.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log, Store, StoreOptions } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { restOf } from './model.ts'

const MB = 1024 * 1024

async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

function flushed (store: Store): Promise<void> {
  return until(() => store.stats().pendingBytes === 0)
}

const batches = [
  batch({ base: 0, bytes: 200 }), batch({ base: 1, bytes: 3 * MB }),
  batch({ base: 2, bytes: 50_000 }),
  batch({ base: 3, bytes: 300 }), batch({ base: 4, bytes: 2 * MB + 7 }),
  batch({ base: 5, bytes: 100 }),
]
const whole = Buffer.concat(batches)

const disks: ReadonlyArray<
  readonly [string, (directory: string) => { disk: Disk, path: string }]
> = [
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
  for (const [atHandMax, partBytes] of [[0, 64 * 1024], [1000, 300_000],
    [4 * MB, 100 * MB]] as const) {
    const read = await log.read(0n, 6n, 100 * MB, true, atHandMax)
    t.equal(read.bytes, whole.length, where)
    const atHand = Buffer.concat(read.chunks)
    read.release()
    t.ok(atHand.length <= 1000, 'a large batch is never at hand')
    t.ok(Buffer.concat([atHand, await restOf(read, partBytes)]).equals(whole), `${where}, ${partBytes} bytes a part`)
  }
}

const BATCH_BYTES = 40_000

/** Eight batches of one size, and a read that has only found them. */
async function withFound (options: Partial<StoreOptions> = {}) {
  const store = await openStore('/data', realEnvironment(new MemoryDisk().disk()), { flushIntervalMs: 5, ...options })
  const log = store.openLog('log')
  const batches = Array.from({ length: 8 }, (_, base) => batch({ base, bytes: BATCH_BYTES }))
  for (const each of batches) await log.append(each, false)
  return { store, log, batches, find: async () => await log.read(0n, 8n, MB, true, 0) }
}

t.test('what was cut since is gone', async t => {
  const ways: ReadonlyArray<readonly [string, (log: Log, store: Store) => Promise<unknown>]> = [
    ['truncated', log => log.truncate(2n)],
    ['started again', log => log.reset(9n)],
    ['deleted', (_, store) => store.deleteLog('log')],
  ]
  for (const [name, change] of ways) {
    const { store, log, find } = await withFound()
    const read = await find()
    t.equal(read.bytes, 8 * BATCH_BYTES)
    const first = await read.rest?.next(BATCH_BYTES) as BytesAtHand
    t.equal(first.bytes, BATCH_BYTES)
    first.release()
    await change(log, store)
    await t.rejects(async () => { await read.rest?.next(MB) }, { code: 'GONE' }, name)
    read.release()
    await store.close()
  }
})

/** Seals the volume that is active now. */
async function seal (store: Store): Promise<void> {
  const { volumes } = store.stats()
  for (let base = 0; store.stats().volumes === volumes; base++) {
    await store.openLog('other').append(batch({ base, bytes: 2000 }), false)
    await flushed(store)
  }
}

/** Every second batch goes. */
async function compact (t: Test, log: Log, batches: readonly Buffer[]): Promise<void> {
  t.ok(await log.rewrite({ from: 0n, to: 8n, revision: log.revision },
    batches.filter((_, base) => base % 2 === 1)))
}

t.test('what was trimmed or compacted since comes from where it was found', async t => {
  for (const isSealed of [false, true]) {
    for (const partBytes of [BATCH_BYTES / 4, BATCH_BYTES, 2 * BATCH_BYTES]) {
      const { store, log, batches, find } =
        await withFound(isSealed ? { volumeBytes: 400_000 } : {})
      await flushed(store)
      // What keeps the volume.
      await store.openLog('beside').append(batch({ base: 0, bytes: 500 }), false)
      await flushed(store)
      if (isSealed) await seal(store)
      const [trimmed, compacted] = [await find(), await find()]
      await log.advanceStart(3n)
      t.ok(Buffer.concat([await restOf(trimmed, partBytes)]).equals(Buffer.concat(batches)), 'trimmed')
      await compact(t, log, batches)
      t.ok(Buffer.concat([await restOf(compacted, partBytes)]).equals(Buffer.concat(batches)), 'compacted')
      for (const read of [trimmed, compacted]) read.release()
      await store.close()
    }
  }
})

t.test('where its volume has gone, as many bytes that reach further are not the same', async t => {
  const { store, log, batches, find } = await withFound({ volumeBytes: 300_000 })
  await seal(store)
  const read = await find()
  const before = store.stats().volumes
  await compact(t, log, batches)
  await until(() => store.stats().volumes < before)
  const now = await log.read(0n, 8n, 2 * BATCH_BYTES, true)
  t.ok(
    Buffer.concat(now.chunks).equals(Buffer.concat([batches[1] as Buffer, batches[3] as Buffer]))
  )
  now.release()
  await t.rejects(async () => { await read.rest?.next(2 * BATCH_BYTES) }, { code: 'GONE' })
  t.equal(log.damaged, false)
  read.release()
  await store.close()
})

t.test('a large batch whose first records were deleted is read, from wherever it lies', async t => {
  for (const where of ['the tail', 'the active volume', 'a sealed volume']) {
    const store = await openStore('/data', realEnvironment(new MemoryDisk().disk()),
      { flushIntervalMs: where === 'the tail' ? 1_000_000 : 5, volumeBytes: 1000 })
    const log = store.openLog('log')
    const large = batch({ base: 0, records: 10, bytes: MB })
    await log.append(large, false)
    if (where !== 'the tail') await flushed(store)
    if (where === 'a sealed volume') await seal(store)
    await log.advanceStart(5n)
    const read = await log.read(5n, 10n, 10 * MB, true, 1000)
    t.equal(read.bytes, large.length)
    t.ok((await restOf(read, 300_000)).equals(large), where)
    read.release()
    await store.close()
  }
})

t.test('a read from a sealed volume is open until it has come', async t => {
  const { store, log, batches } = await withFound({ volumeBytes: 300_000 })
  await seal(store)
  const reading = log.read(0n, 8n, MB, true)
  t.equal(store.stats().openReads, 1)
  const read = await reading
  t.equal(store.stats().openReads, 0)
  t.ok(Buffer.concat(read.chunks).equals(Buffer.concat(batches)))
  read.release()
  await store.close()
})

t.test('slices of one large batch are never those of what compaction made of it', async t => {
  const store = await openStore('/data', realEnvironment(new MemoryDisk().disk()), { flushIntervalMs: 1_000_000 })
  const log = store.openLog('log')
  const large = batch({ base: 0, records: 10, bytes: MB })
  await log.append(large, false)
  const [begun, whole] =
    [await log.read(0n, 10n, 10 * MB, true, 0), await log.read(0n, 10n, 10 * MB, true, 0)]
  const first = await begun.rest?.next(300_000) as BytesAtHand
  first.release()
  // As long as the old one: its records are others, or compressed in another way.
  const other = batch({ base: 0, records: 10, bytes: MB, seed: 7 })
  t.ok(await log.rewrite({ from: 0n, to: 10n, revision: log.revision }, [other]))
  await t.rejects(async () => { await begun.rest?.next(300_000) }, { code: 'GONE' })
  await t.rejects(async () => { await whole.rest?.next(300_000) }, { code: 'GONE' })
  for (const read of [begun, whole]) read.release()
  await store.close()
})
