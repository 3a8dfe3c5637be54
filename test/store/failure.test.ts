import t from 'tap'
import type { StoreError } from '../../src/store/error.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll, smallSizes } from './model.ts'

/** Resolves when `done` says so: what waits is the event loop, not a clock. */
async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

function fill (count: number, from: number): Buffer {
  const made: Buffer[] = []
  for (let index = 0; index < count; index++) made.push(batch({ base: from + index, bytes: 1500 }))
  return Buffer.concat(made)
}

t.test('a full disk refuses, loses nothing and goes on when there is space (R-S9)', async t => {
  const memory = new MemoryDisk({ capacityBytes: 400_000 })
  const options = { ...smallSizes, volumeBytes: 10_000_000 }
  const store = await openStore('/data', realEnvironment(memory.disk()), options)
  const log = store.openLog('orders-0')
  let refusal: unknown
  const kept: Buffer[] = []
  while (refusal === undefined) {
    const bytes = fill(8, Number(log.endOffset))
    const before = log.endOffset
    try {
      await log.append(bytes, false)
      kept.push(bytes)
    } catch (error) {
      refusal = error
      t.equal(log.endOffset, before, 'the end has moved back')
    }
  }
  t.match(refusal, { name: 'StoreError', code: 'DISK_FULL' })
  t.same(await readAll(log), Buffer.concat(kept), 'nothing of the refused append shows')
  memory.capacityBytes = 10_000_000
  const more = fill(8, Number(log.endOffset))
  await until(() => !store.stats().diskFull)
  await log.append(more, true)
  kept.push(more)
  t.same(await readAll(log), Buffer.concat(kept))
  await store.close()
  const again = await openStore('/data', realEnvironment(memory.disk()), options)
  const found = again.findLog('orders-0')
  t.same(found === undefined ? undefined : await readAll(found), Buffer.concat(kept))
  await again.close()
})

t.test('of a refused turn nothing counts, beside what no flush has taken yet', async t => {
  const memory = new MemoryDisk({ capacityBytes: 10_000_000 })
  const store = await openStore('/data', realEnvironment(memory.disk()), { ...smallSizes, flushIntervalMs: 1_000_000 })
  const log = store.openLog('orders-0')
  for (const base of [0, 1]) await log.append(batch({ base, bytes: 300 }), false)
  memory.capacityBytes = memory.usedBytes
  let base = 2
  // What the journal has set aside takes some.
  const refused = async (): Promise<boolean> => {
    try {
      await log.append(batch({ base, bytes: 300 }), false)
      base++
      return false
    } catch (error) {
      t.match(error, { code: 'DISK_FULL' })
      return true
    }
  }
  while (!await refused());
  t.same([log.endOffset, log.byteSize], [BigInt(base), base * 300])
  memory.capacityBytes = 10_000_000
  await store.close()
})

t.test('at the reserve only internal logs may write (R-S9)', async t => {
  const memory = new MemoryDisk({ capacityBytes: 2_000_000 })
  const options = { ...smallSizes, reserveBytes: 1_500_000 }
  const store = await openStore('/data', realEnvironment(memory.disk()), options)
  const log = store.openLog('orders-0')
  const internal = store.openLog('__offsets-0', { reserve: true })
  let refusal: unknown
  while (refusal === undefined) {
    await log.append(fill(8, Number(log.endOffset)), true).catch((error: unknown) => {
      refusal = error
    })
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.match(refusal, { code: 'DISK_FULL' })
  await internal.append(batch({ base: 0 }), true)
  t.equal(internal.endOffset, 1n)
  memory.capacityBytes = 10_000_000
  await until(() => !store.stats().diskFull)
  await log.append(fill(1, Number(log.endOffset)), false)
  await store.close()
})

t.test('an error of the disk is final, an acknowledged batch is not lost (R-S2)', async t => {
  const cases = [
    { name: 'a write', faults: { writeError: 'EIO' } },
    { name: 'a sync', faults: { syncError: 'EIO' } },
    { name: 'a sync that never ends', faults: { syncsHang: true } },
    { name: 'a commit', faults: { commitError: 'EIO' } },
  ]
  for (const { name, faults } of cases) {
    const memory = new MemoryDisk()
    const options = { ...smallSizes, syncTimeoutMs: 30 }
    const store = await openStore('/data', realEnvironment(memory.disk()), options)
    let told: StoreError | undefined
    store.onFailed(error => { told = error })
    const log = store.openLog('orders-0')
    const first = batch({ base: 0 })
    await log.append(first, false)
    memory.faults = faults
    await t.rejects(log.append(batch({ base: 1 }), true).then(() => {
      if (name === 'a commit') return until(() => told !== undefined).then(() => { throw told })
      return undefined
    }), { code: 'FAILED' }, name)
    t.equal(told?.code, 'FAILED', `${name}: the process is told`)
    await t.rejects(log.append(batch({ base: 2 }), false), { code: 'FAILED' }, 'nothing after it')
    await t.rejects(store.table.put('key', first), { code: 'FAILED' })
    memory.kill()
    memory.faults = {}
    const again = await openStore('/data', realEnvironment(memory.disk()), options)
    const found = again.findLog('orders-0')
    const bytes = found === undefined ? undefined : await readAll(found)
    t.same(bytes?.subarray(0, first.length), first, `${name}: the acknowledged batch is there`)
    await again.close()
  }
})

t.test('a volume that a kill left without a synced name outlasts a power loss (R-S8)', async t => {
  const memory = new MemoryDisk()
  const options = { ...smallSizes, volumeBytes: 4096, flushIntervalMs: 1 }
  const disk = memory.disk()
  let isKilled = false
  const killing = {
    ...disk,
    rename (from: string, to: string) {
      disk.rename(from, to)
      if (!to.endsWith('2.volume')) return
      isKilled = true
      memory.kill()
    },
  }
  const store = await openStore('/data', realEnvironment(killing), options)
  const log = store.openLog('orders-0')
  while (!isKilled) {
    // The one under way may find the disk gone.
    await log.append(batch({ base: log.endOffset, bytes: 500 }), false).catch(() => {})
    await new Promise(resolve => { setImmediate(resolve) })
  }
  const again = await openStore('/data', realEnvironment(memory.disk()), options)
  const found = again.findLog('orders-0') ?? again.openLog('orders-0')
  await found.append(batch({ base: found.endOffset }), true)
  await until(() => again.stats().pendingBytes === 0)
  const { endOffset } = found
  memory.powerLoss(() => 0.99)
  const last = await openStore('/data', realEnvironment(memory.disk()), options)
  t.equal(last.findLog('orders-0')?.endOffset, endOffset)
  await last.close()
})

t.test('one process a directory', async t => {
  const memory = new MemoryDisk()
  const store = await openStore('/data', realEnvironment(memory.disk()))
  await t.rejects(openStore('/data', realEnvironment(memory.disk())),
    { code: 'LOCKED', message: /\/data\/lock/ })
  await store.close()
  const again = await openStore('/data', realEnvironment(memory.disk()))
  await again.close()
})

t.test('what breaks the contract is refused before anything changes', async t => {
  const memory = new MemoryDisk()
  const store = await openStore('/data', realEnvironment(memory.disk()))
  const log = store.openLog('orders-0')
  await log.append(batch({ base: 5 }), false)
  const whole = batch({ base: 6 })
  const old = Buffer.from(whole)
  old[16] = 1
  const cases: Array<[string, Buffer]> = [
    ['nothing', Buffer.alloc(0)],
    ['half a batch', whole.subarray(0, 80)],
    ['half a header', whole.subarray(0, 20)],
    ['an old magic', old],
    ['an offset that is taken', batch({ base: 5 })],
    ['a good batch and an old one', Buffer.concat([whole, batch({ base: 6 })])],
  ]
  for (const [name, bytes] of cases) {
    await t.rejects(log.append(bytes, false), { code: 'INVALID' }, name)
    t.equal(log.endOffset, 6n)
  }
  await store.deleteLog('orders-0')
  await t.rejects(log.append(whole, false), { code: 'CLOSED' }, 'a deleted log')
  await store.close()
})

t.test('a flipped bit is found, told and never served as whole (R-S5, R-S6)', async t => {
  const memory = new MemoryDisk()
  const told: string[] = []
  const options = { ...smallSizes, scrubBytesPerSecond: 100_000_000 }
  const store = await openStore('/data', realEnvironment(memory.disk(), (level, message) => {
    if (level === 'error') told.push(message)
  }), options)
  const log = store.openLog('orders-0')
  const bytes = batch({ base: 0, bytes: 5_000 })
  bytes[4_000] = (bytes[4_000] ?? 0) ^ 1
  await log.append(bytes, true)
  const other = store.openLog('orders-1')
  await other.append(batch({ base: 0 }), true)
  await until(() => log.damaged)
  t.match(told, [/bad checksum/])
  t.notOk(other.damaged)
  await store.close()
  const again = await openStore('/data', realEnvironment(memory.disk()), options)
  t.ok(again.findLog('orders-0')?.damaged, 'the mark survives')
  await again.close()
})

t.test('a journal file that was cut short is found, and nothing else is read in its place', async t => {
  const memory = new MemoryDisk()
  const told: string[] = []
  const quiet = { ...smallSizes, scrubBytesPerSecond: 0 }
  const store = await openStore('/data', realEnvironment(memory.disk()), quiet)
  await store.openLog('orders-0').append(batch({ base: 0, bytes: 20_000 }), true)
  await store.openLog('orders-1').append(batch({ base: 0 }), true)
  await store.close()
  const disk = memory.disk()
  for (const name of disk.list('/data/journal')) disk.open(`/data/journal/${name}`).truncate(100)
  const environment = realEnvironment(memory.disk(), (level, message) => {
    if (level === 'error') told.push(message)
  })
  const again = await openStore('/data', environment, { ...smallSizes, scrubBytesPerSecond: 100_000_000 })
  await t.rejects(async () => await again.findLog('orders-0')?.read(0n, 1n, 1_000_000, true), { code: 'CORRUPT' })
  await until(() => again.findLog('orders-0')?.damaged === true)
  t.match(told, [/was cut short: .*fetch this replica again/])
  t.notOk(again.findLog('orders-1')?.damaged)
  for (const name of ['orders-0', 'orders-1']) again.findLog(name)?.onCheckpoint(() => Buffer.from('state'))
  await again.openLog('orders-1').append(batch({ base: 1 }), true)
  again.findLog('orders-0')?.checkpointSoon()
  await again.close()
})

t.test('survivors that cannot be read stay where they are, and everything else goes on', async t => {
  const memory = new MemoryDisk()
  const told: string[] = []
  const open = () => openStore('/data', realEnvironment(memory.disk(), (level, message) => {
    if (level === 'error') told.push(message)
  }), smallSizes)
  const store = await open()
  const [damaged, other] = [store.openLog('damaged-0'), store.openLog('other-0')]
  for (let base = 0; base < 30; base++) {
    await damaged.append(batch({ base, bytes: 4000 }), true)
    for (let index = 0; index < 3; index++) {
      await other.append(batch({ base: base * 3 + index, bytes: 4000 }), true)
    }
  }
  await until(() => store.stats().pendingBytes === 0)
  const disk = memory.disk()
  const [first] = disk.list('/data/journal').sort()
  disk.open(`/data/journal/${first}`).truncate(100)
  await other.advanceStart(89n)
  await until(() => store.findLog('damaged-0')?.damaged === true)
  const { flushes } = store.stats()
  await other.append(batch({ base: 90 }), true)
  await until(() => store.stats().flushes > flushes)
  t.equal(told.length, 1)
  t.match(told[0], /was cut short: .*fetch this replica again/)
  await store.close()
  const again = await open()
  t.equal(again.openLog('other-0').endOffset, 91n)
  await again.close()
})

t.test('a store whose table or volumes are gone is refused, not taken for a new one', async t => {
  const memory = new MemoryDisk()
  const store = await openStore('/data', realEnvironment(memory.disk()), smallSizes)
  await store.openLog('orders-0').append(batch({ base: 0 }), true)
  await store.table.put('vote', Buffer.from('1'))
  await store.close()
  const open = () => openStore('/data', realEnvironment(memory.disk()), smallSizes)
  const disk = memory.disk()
  disk.rename('/data/table.mdb', '/aside/table.mdb')
  await t.rejects(open(), { code: 'CORRUPT', message: /table.mdb is gone, or empty; restore it from a copy/ })
  await disk.unlink('/data/table.mdb')
  disk.rename('/aside/table.mdb', '/data/table.mdb')
  for (const name of disk.list('/data/volumes')) {
    if (name.endsWith('.volume')) disk.rename(`/data/volumes/${name}`, `/aside/${name}`)
  }
  await t.rejects(open(), { code: 'CORRUPT', message: /its volumes are gone/ })
  for (const name of disk.list('/aside')) disk.rename(`/aside/${name}`, `/data/volumes/${name}`)
  const again = await open()
  t.equal(again.openLog('orders-0').endOffset, 1n)
  await again.close()
})

t.test('a file whose first turn is torn ends the recovery (storage.md 4.3)', async t => {
  const memory = new MemoryDisk()
  const store = await openStore('/data', realEnvironment(memory.disk()), smallSizes)
  memory.faults = { syncsHang: true }
  store.openLog('orders-0')
  memory.kill()
  memory.faults = {}
  const disk = memory.disk()
  for (const name of disk.list('/data/journal')) {
    const file = disk.open(`/data/journal/${name}`)
    if (file.size() > 16) file.write([Buffer.from('X')], file.size() - 1)
  }
  const again = await openStore('/data', realEnvironment(memory.disk()), smallSizes)
  t.same(again.logNames(), [], 'what was torn is not there')
  const log = again.openLog('orders-1')
  await log.append(batch({ base: 0 }), true)
  await again.close()
})
