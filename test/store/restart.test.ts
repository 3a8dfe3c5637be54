/**
 * What a start must bring back besides the batches, with and without a flush in between (R-S12).
 */
import t from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store, StoreOptions } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll, smallSizes } from './model.ts'

/** No flush comes but at the end: a start after a kill has the journal alone. */
const NEVER_MS = 2 ** 31 - 1
const journalAlone = {
  ...smallSizes, flushIntervalMs: NEVER_MS, flushBytes: 1_000_000_000, scrubBytesPerSecond: 0,
}

async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

class Machine {
  readonly memory: MemoryDisk
  nowMs = 1_000_000
  options: Partial<StoreOptions>

  constructor (options: Partial<StoreOptions>, capacityBytes?: number) {
    this.memory = new MemoryDisk(capacityBytes === undefined ? {} : { capacityBytes })
    this.options = options
  }

  open (): Promise<Store> {
    const setTimer = (delayMs: number, run: () => void) => {
      // A store that was killed leaves its own behind.
      const timer = setTimeout(run, delayMs).unref()
      return { cancel: () => { clearTimeout(timer) } }
    }
    const environment = {
      ...realEnvironment(this.memory.disk()), nowMs: () => this.nowMs, setTimer,
    }
    return openStore('/data', environment, this.options)
  }

  async restarted (store: Store, isKilled: boolean): Promise<Store> {
    if (isKilled) this.memory.kill()
    else await store.close()
    return await this.open()
  }
}

const ways = [['after a kill', true], ['after a close', false]] as const

t.test('who may write into the reserve still may (R-S9)', async t => {
  for (const [what, isKilled] of ways) {
    const machine = new Machine({ ...journalAlone, reserveBytes: 0 }, 10_000_000)
    const first = await machine.open()
    await Promise.all(['orders-0', '__offsets-0'].map(async name =>
      first.openLog(name, { reserve: name === '__offsets-0' }).append(batch({ base: 0 }), true)))
    machine.options = { ...journalAlone, reserveBytes: 20_000_000 }
    const store = await machine.restarted(first, isKilled)
    t.ok(store.stats().diskFull, what)
    await t.rejects(store.openLog('orders-0').append(batch({ base: 1 }), false), { code: 'DISK_FULL' }, what)
    await t.resolves(store.openLog('__offsets-0').append(batch({ base: 1 }), false), what)
    await store.close()
  }
})

t.test('a log that was set anew begins where it was set', async t => {
  for (const [what, isKilled] of ways) {
    const machine = new Machine(journalAlone)
    const first = await machine.open()
    const log = first.openLog('orders-0')
    for (let base = 0; base < 3; base++) await log.append(batch({ base }), true)
    await log.reset(10n)
    await log.append(batch({ base: 10 }), true)
    const moved = first.openLog('orders-1')
    await moved.append(batch({ base: 0 }), true)
    await moved.advanceStart(7n)
    t.same([moved.startOffset, moved.endOffset], [7n, 7n], 'a start behind the end takes the end along')
    const store = await machine.restarted(first, isKilled)
    const again = store.openLog('orders-0')
    t.same([again.startOffset, again.endOffset], [10n, 11n], what)
    t.same(await readAll(again), batch({ base: 10 }), what)
    t.same([store.openLog('orders-1').startOffset, store.openLog('orders-1').endOffset], [7n, 7n], what)
    await store.close()
  }
})

t.test('a batch of which a bit was lost ends the replay, however large it is (R-S5)', async t => {
  for (const bytes of [200, 20_000]) {
    const machine = new Machine(journalAlone)
    const first = await machine.open()
    const log = first.openLog('orders-0')
    await log.append(batch({ base: 0 }), true)
    const torn = batch({ base: 1, bytes })
    await log.append(torn, true)
    await log.append(batch({ base: 2 }), true)
    machine.memory.kill()
    flipLastByteOf(torn, machine.memory)
    const store = await machine.open()
    t.equal(store.openLog('orders-0').endOffset, 1n, `${bytes} bytes: it, and what came after it`)
    await store.openLog('orders-0').append(batch({ base: 1, seed: 1 }), true)
    t.same(await readAll(store.openLog('orders-0')), Buffer.concat([batch({ base: 0 }), batch({ base: 1, seed: 1 })]))
    await store.close()
  }
})

function flipLastByteOf (bytes: Buffer, memory: MemoryDisk): void {
  const disk = memory.disk()
  for (const name of disk.list('/data/journal')) {
    const file = disk.open(`/data/journal/${name}`)
    const content = Buffer.alloc(file.size())
    file.read(content, 0)
    const at = content.indexOf(bytes)
    if (at < 0) continue
    const last = at + bytes.length - 1
    file.write([Buffer.from([(content[last] ?? 0) ^ 1])], last)
    return
  }
  throw new Error('the batch is in no journal file')
}

t.test('a volume is sealed when it is old, and a start does not make it younger', async t => {
  const machine = new Machine(
    { ...smallSizes, volumeBytes: 1_000_000_000, volumeAgeMs: 10_000, flushIntervalMs: 1 }
  )
  let store = await machine.open()
  const flushed = async (): Promise<number> => {
    const log = store.openLog('orders-0')
    const { flushes } = store.stats()
    await log.append(batch({ base: log.endOffset }), true)
    await until(() => store.stats().flushes > flushes && store.stats().pendingBytes === 0)
    return store.stats().volumes
  }
  t.equal(await flushed(), 1)
  machine.nowMs += 9_999
  t.equal(await flushed(), 1)
  store = await machine.restarted(store, false)
  t.equal(await flushed(), 1)
  machine.nowMs += 1
  await flushed()
  await until(() => store.stats().volumes === 2)
  machine.nowMs += 9_999
  t.equal(await flushed(), 2, 'the next one is new')
  await store.close()
})

t.test('a number of a deleted log is not given out again', async t => {
  const machine = new Machine({ ...smallSizes, flushIntervalMs: 1 })
  const first = await machine.open()
  await first.openLog('orders-0').append(batch({ base: 0 }), true)
  const gone = first.openLog('orders-1')
  await gone.append(batch({ base: 0 }), true)
  await until(() => first.stats().pendingBytes === 0)
  await first.deleteLog('orders-1')
  const store = await machine.restarted(first, false)
  t.ok(store.openLog('orders-2').number > gone.number)
  await store.close()
})

t.test('a volume that nothing names any more goes', async t => {
  const machine = new Machine({ ...smallSizes, flushIntervalMs: 1, volumeBytes: 1 })
  let store = await machine.open()
  const log = store.openLog('orders-0')
  for (let base = 0; store.stats().volumes < 3; base++) {
    await log.append(batch({ base }), true)
    await until(() => store.stats().pendingBytes === 0)
  }
  await log.advanceStart(log.endOffset - 1n)
  await until(() => !volumesOf(machine).includes('0000000001.volume'))
  await store.close()
  await machine.memory.disk().openEnvironment('/data/volumes/0000000001.volume', { mapBytes: 1_000_000 }).close()
  t.ok(volumesOf(machine).includes('0000000001.volume'), 'as if its unlinking had been cut short')
  store = await machine.open()
  t.notOk(volumesOf(machine).some(name => name.startsWith('0000000001.')))
  await store.close()
})

function volumesOf ({ memory }: Machine): string[] { return memory.disk().list('/data/volumes') }

t.test('what an owner has derived is kept, though nothing was appended', async t => {
  const machine = new Machine(journalAlone)
  const store = await machine.open()
  await store.openLog('orders-0').append(batch({ base: 0 }), false)
  await store.close()
  for (const isDue of [false, true]) {
    const again = await machine.open()
    const log = again.openLog('orders-0')
    t.equal(log.checkpoint, undefined)
    log.onCheckpoint(() => Buffer.from('derived'), isDue)
    await again.close()
  }
  const last = await machine.open()
  const { checkpoint } = last.openLog('orders-0')
  t.match(checkpoint, { offset: 1n, state: Buffer.from('derived') })
  await last.close()
})
