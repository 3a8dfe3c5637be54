import t from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { LogRead, Store, StoreOptions } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll, smallSizes } from './model.ts'

async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setImmediate(resolve) })
}

function machine (
  options: Partial<StoreOptions> = {}
): { memory: MemoryDisk, open: () => Promise<Store> } {
  const memory = new MemoryDisk()
  return { memory, open: () => openStore('/data', realEnvironment(memory.disk()), { ...smallSizes, ...options }) }
}

t.test('the tail is read at once and without copies, a release too many is a bug', async t => {
  const { open } = machine()
  const store = await open()
  const log = store.openLog('orders-0')
  await log.append(Buffer.concat([batch({ base: 0 }), batch({ base: 1 })]), false)
  const first = log.read(0n, 10n, 1000, true) as LogRead
  const second = log.read(1n, 10n, 1000, true) as LogRead
  t.notOk(first instanceof Promise)
  t.equal(first.chunks[0]?.buffer, second.chunks[0]?.buffer, 'the same memory')
  const seen = Buffer.from(first.chunks[0] as Buffer)
  for (let base = 2; base < 500; base++) await log.append(batch({ base }), false)
  await until(() => store.stats().flushes > 3)
  t.same(first.chunks[0], seen, 'held bytes are not overwritten by what comes later')
  first.release()
  t.throws(() => { first.release() }, /twice/)
  second.release()
  await store.close()
})

t.test('several appends of a turn are one write and one promise', async t => {
  const { open } = machine()
  const store = await open()
  const log = store.openLog('orders-0')
  const { turns } = store.stats()
  const one = log.append(batch({ base: 0 }), false)
  const two = log.append(batch({ base: 1, bytes: 9000 }), false)
  const three = store.openLog('orders-0').append(batch({ base: 2 }), true)
  t.equal(one, two)
  await Promise.all([one, two, three])
  t.equal(store.stats().turns, turns + 1)
  await store.close()
})

t.test('a durable append and sync wait for the disk, a committed one does not', async t => {
  // the watch over a sync that never ends would keep the process for as long
  const { memory, open } = machine({ syncTimeoutMs: 200 })
  const store = await open()
  const log = store.openLog('orders-0')
  memory.faults = { syncsHang: true }
  await log.append(batch({ base: 0 }), false)
  let done = false
  log.append(batch({ base: 1 }), true).then(() => { done = true }, () => {})
  await log.append(batch({ base: 2 }), false)
  for (let count = 0; count < 20; count++) await new Promise(resolve => { setImmediate(resolve) })
  t.notOk(done)
  t.equal((log.read(0n, 10n, 1000, true) as LogRead).bytes, 300, 'all three can be read')
  memory.kill()
})

t.test('checkpoints: kept behind the data, refused when the log went another way', async t => {
  const { memory, open } = machine()
  let store = await open()
  let log = store.openLog('orders-0')
  log.onCheckpoint(() => Buffer.from(`state at ${log.endOffset}`))
  await log.append(batch({ base: 0, records: 5, epoch: 1 }), false)
  await store.close()
  store = await open()
  log = store.openLog('orders-0')
  const closing = { offset: 5n, state: Buffer.from('state at 5'), number: 0, isDurable: true }
  t.same(log.checkpoint, closing, 'one is taken at close')
  await log.append(batch({ base: 5, epoch: 1 }), true)
  t.equal(log.checkpoint?.offset, 5n, 'behind the end it still holds')
  memory.kill()
  store = await open()
  log = store.openLog('orders-0')
  t.equal(log.checkpoint?.offset, 5n, 'and after a kill')
  await log.truncate(2n)
  t.equal(log.checkpoint, undefined, 'ahead of the end')
  await log.append(batch({ base: 2, records: 4, epoch: 2 }), false)
  t.equal(log.checkpoint, undefined, 'another last batch')
  log.onCheckpoint(() => Buffer.from('of the first'))
  log.checkpointSoon()
  await until(() => log.checkpoint?.offset === 6n)
  await log.truncate(2n)
  await log.append(batch({ base: 2, records: 4, epoch: 2, seed: 1 }), false)
  t.equal(log.checkpoint, undefined, 'one of the same epoch with other records')
  await store.deleteLog('orders-0')
  const next = store.openLog('orders-0')
  t.not(next.number, log.number, 'a number is never used again')
  t.equal(next.checkpoint, undefined)
  await store.close()
})

t.test('retention gives whole volumes and their journal files back', async t => {
  const { open } = machine()
  const store = await open()
  const logs = [store.openLog('busy-0'), store.openLog('quiet-0')]
  const quiet = batch({ base: 0, bytes: 500 })
  await logs[1]?.append(quiet, false)
  const log = logs[0]
  if (log === undefined) throw new Error('unreachable')
  for (let base = 0; base < 400; base++) {
    await log.append(batch({ base, bytes: base % 2 === 0 ? 900 : 5000 }), false)
    await log.advanceStart(log.endOffset > 20n ? log.endOffset - 20n : 0n)
    if (store.underPressure) await new Promise<void>(resolve => { store.onRelief(resolve) })
  }
  await until(() => store.stats().volumes <= 2 && store.stats().journalFiles <= 8)
  t.equal(log.byteSize, (await readAll(log)).length)
  const kept = logs[1]
  t.same(kept === undefined ? undefined : await readAll(kept), quiet, 'survivors moved along')
  await store.close()
})

t.test('the table: visible at once, durable when told, in key order', async t => {
  const { memory, open } = machine()
  let store = await open()
  const done = Promise.all([
    store.table.put('b/2', Buffer.from('two')), store.table.put('a', Buffer.from('one')),
    store.table.put('b/10', Buffer.from('ten')), store.table.put('gone', Buffer.from('x')),
    store.table.remove('gone'),
  ])
  t.same(store.table.get('b/2'), Buffer.from('two'))
  await done
  memory.powerLoss(() => 0.99)
  store = await open()
  t.same([...store.table.entries('')].map(([key]) => key), ['a', 'b/10', 'b/2'])
  t.same([...store.table.entries('b/')],
    [['b/10', Buffer.from('ten')], ['b/2', Buffer.from('two')]])
  await t.rejects(store.table.put('', Buffer.from('x')), { code: 'INVALID' })
  await store.close()
})

t.test('a search by time may begin in the middle', async t => {
  const { open } = machine()
  const store = await open()
  const log = store.openLog('orders-0')
  for (let base = 0; base < 40; base++) {
    await log.append(batch({ base, bytes: 1500, timestamp: base % 10 }), false)
  }
  await until(() => store.stats().pendingBytes === 0)
  const cases: Array<[bigint, bigint, bigint | undefined, bigint | undefined]> = [
    [9n, 40n, undefined, 9n], [7n, 40n, undefined, 7n], [7n, 40n, 10n, 17n],
    [7n, 7n, undefined, undefined],
    [10n, 40n, undefined, undefined], [0n, 40n, 39n, 39n],
  ]
  for (const [timestamp, end, from, base] of cases) {
    const found = await log.firstBatchAtOrAfter(timestamp, end, from)
    t.equal(found?.readBigInt64BE(0), base, `${timestamp} from ${from} to ${end}`)
  }
  const highest: Array<[bigint, bigint | undefined, bigint | undefined]> = [
    [40n, undefined, 9n], [40n, 9n, 9n], [40n, 10n, 19n], [39n, 30n, 38n], [40n, 39n, 39n],
    [40n, 40n, undefined],
  ]
  for (const [end, from, base] of highest) {
    const found = await log.batchWithMaxTimestamp(end, from)
    t.equal(found?.readBigInt64BE(0), base, `the first of the highest from ${from} to ${end}`)
  }
  await store.close()
})
