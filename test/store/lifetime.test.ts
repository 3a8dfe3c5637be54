/**
 * What the store has open, and what it has lent: nothing is closed under a reader, and nothing
 * stays.
 */
import t from 'tap'
import type { Test } from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log, Store, StoreOptions } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll } from './model.ts'

/**
 * A disk whose reads off the event loop end when the test says so; everything else takes a turn.
 */
class ReadsHeld {
  #waiting: Array<() => void> | undefined
  readonly disk = new MemoryDisk({
    setTimer: (_delayMs, run) => { setImmediate(run) },
    whenRead: run => {
      if (this.#waiting === undefined) queueMicrotask(run)
      else this.#waiting.push(run)
    },
  })

  hold (): void { this.#waiting ??= [] }

  letGo (): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const run of waiting) run()
  }

  async open (options: Partial<StoreOptions> = {}): Promise<Store> {
    return openStore('/data', realEnvironment(this.disk.disk()), {
      volumeBytes: 3000, flushIntervalMs: 1, largeBatchBytes: 2048, scrubBytesPerSecond: 0,
      reserveBytes: 0, ...options,
    })
  }
}

async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

/** Appends, and waits for the flush. */
async function put (store: Store, log: Log, bytes = 1500): Promise<void> {
  const { flushes } = store.stats()
  await log.append(batch({ base: log.endOffset, bytes }), false)
  await until(() => store.stats().flushes > flushes)
}

/** The same until the volume that is active now is sealed. */
async function seal (store: Store, log: Log, bytes?: number): Promise<void> {
  const { volumes } = store.stats()
  while (store.stats().volumes === volumes) await put(store, log, bytes)
}

/** Bytes from the start, or what the read was refused with. */
async function readFrom (log: Log, maxBytes = 1500): Promise<unknown> {
  try {
    const read = await log.read(log.startOffset, log.endOffset, maxBytes, true)
    read.release()
    return read.bytes
  } catch (error) {
    return (error as { code?: string }).code
  }
}

async function closedWhole (t: Test, store: Store, disk: MemoryDisk): Promise<void> {
  await store.close()
  t.same([disk.misuses, disk.held], [[], []])
  t.match(store.stats(), { readBytes: 0, pendingBytes: 0, openReads: 0 })
}

t.test('4.1.10: a volume that is being read is not taken away', async t => {
  const held = new ReadsHeld()
  const store = await held.open()
  const [log, other] = [store.openLog('read'), store.openLog('other')]
  await seal(store, log)
  held.hold()
  const reading = readFrom(log)
  await store.deleteLog('read')
  for (let flush = 0; flush < 3; flush++) await put(store, other, 100)
  t.equal(store.stats().volumes, 2, 'though nothing is alive in it')
  held.letGo()
  t.equal(await reading, 1500)
  for (let flush = 0; flush < 3; flush++) await put(store, other, 100)
  t.equal(store.stats().volumes, 1)
  await closedWhole(t, store, held.disk)
})

t.test('4.1.10: a volume that is being read stays open, however many are open', async t => {
  const held = new ReadsHeld()
  const store = await held.open({ openVolumesMax: 1 })
  const logs = ['a', 'b', 'c'].map(name => store.openLog(name))
  for (const log of logs) await seal(store, log)
  held.hold()
  const reading: Array<Promise<unknown>> = []
  for (const log of logs) {
    reading.push(readFrom(log))
    await turns(3)
  }
  const open = (): number => held.disk.held.filter(path => /000[123]\.volume$/.test(path)).length
  t.equal(open(), 3)
  held.letGo()
  t.same(await Promise.all(reading), [1500, 1500, 1500])
  for (const log of logs) t.equal(await readFrom(log), 1500, 'and they are opened again')
  t.equal(open(), 1, 'no more than the bound')
  await closedWhole(t, store, held.disk)
})

t.test('4.1.10: a checkpoint that lies in a volume that is being sealed is waited for', async t => {
  const held = new ReadsHeld()
  const store = await held.open()
  const log = store.openLog('log')
  log.onCheckpoint(() => Buffer.from(`at ${log.endOffset}`))
  let looks = 0
  for (let seals = 0; seals < 3; seals++) {
    const sealing = seal(store, log)
    let isSealed = false
    void sealing.then(() => { isSealed = true })
    while (!isSealed) {
      log.checkpointSoon()
      void log.checkpoint
      looks++
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
  t.ok(looks > 3)
  await log.ready()
  t.ok(log.checkpoint !== undefined)
  await closedWhole(t, store, held.disk)
})

t.test('4.1.10: a cut that looks into a volume which is being sealed waits for it', async t => {
  const held = new ReadsHeld()
  const store = await held.open({ volumeBytes: 42_000 })
  const [log, other] = [store.openLog('cut'), store.openLog('other')]
  for (let base = 0; base < 400; base++) void log.append(batch({ base }), false)
  await put(store, other, 100)
  let end = 400n
  const cuts: Array<Promise<void>> = []
  let isSealed = false
  const sealing = seal(store, other).then(() => { isSealed = true })
  while (!isSealed && end > 0n) {
    cuts.push(log.truncate(--end))
    await new Promise(resolve => { setImmediate(resolve) })
  }
  await sealing
  await Promise.all(cuts)
  t.ok(end > 0n, 'cut all the time')
  t.equal((await readAll(log)).length, Number(end) * 100)
  await closedWhole(t, store, held.disk)
})

for (const [what, bytes] of [['a volume', 1500], ['a journal file', 2500]] as const) {
  t.test(`a store that closes while ${what} is read waits for the reader`, async t => {
    const held = new ReadsHeld()
    const store = await held.open()
    const [log, other] = [store.openLog('read'), store.openLog('other')]
    await seal(store, log, bytes)
    await seal(store, other, bytes)
    held.hold()
    const reading = [readFrom(log, bytes), readFrom(other, bytes)]
    let isClosed = false
    const closing = closedWhole(t, store, held.disk).then(() => { isClosed = true })
    await turns(20)
    t.notOk(isClosed)
    held.letGo()
    for (const each of await Promise.all(reading)) t.ok(each === bytes || each === 'CLOSED', `${String(each)}`)
    await closing
    t.equal(await readFrom(log, bytes), 'CLOSED', 'and opens nothing for whoever comes later')
    t.same(held.disk.held, [])
  })
}

t.test('what is flushed is looked at before its memory is given back', async t => {
  const held = new ReadsHeld()
  const store = await held.open({ volumeBytes: 1_000_000 })
  const log = store.openLog('log')
  for (let base = 0; base < 6; base++) await log.append(batch({ base, bytes: 100 + base }), false)
  // The start lies within the run that the next flush takes.
  await log.advanceStart(3n)
  await put(store, log, 100)
  t.equal(log.byteSize, 103 + 104 + 105 + 100)
  t.equal((await readAll(log)).length, log.byteSize)
  await closedWhole(t, store, held.disk)
})

t.test('a store that cannot be opened leaves nothing open, and can be opened later', async t => {
  const held = new ReadsHeld()
  const { disk } = held
  let store = await held.open()
  await seal(store, store.openLog('log'))
  await closedWhole(t, store, disk)
  for (const fault of [{ commitError: 'EIO' }, { syncError: 'EIO' }, { writeError: 'EIO' }]) {
    disk.faults = fault
    await t.rejects(held.open(), { name: 'StoreError', code: 'FAILED' })
    t.same(disk.held, [], `${Object.keys(fault).join()}: nothing`)
    disk.faults = {}
  }
  store = await held.open()
  t.equal(await readFrom(store.openLog('log')), 1500)
  await closedWhole(t, store, disk)
})

t.test('a sync that never ends keeps its descriptor, though the store closes', async t => {
  const held = new ReadsHeld()
  const store = await held.open({ syncTimeoutMs: 20 })
  held.disk.faults = { syncsHang: true }
  await t.rejects(store.openLog('log').append(batch({ base: 0 }), true), { code: 'FAILED' })
  await store.close()
  t.same(held.disk.misuses, [])
  t.same(held.disk.held.map(path => path.slice(-8)), ['.journal'])
})

t.test('a rewrite that is asked for while the store closes changes nothing', async t => {
  const held = new ReadsHeld()
  const store = await held.open({ volumeBytes: 1_000_000 })
  const log = store.openLog('log')
  await put(store, log, 100)
  await log.append(batch({ base: 1, bytes: 100 }), false)
  const closing = closedWhole(t, store, held.disk)
  t.equal(await log.rewrite({ from: 0n, to: 2n, revision: log.revision }, []), false)
  await closing
})
