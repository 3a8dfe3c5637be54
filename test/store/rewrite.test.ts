import t from 'tap'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log, Store } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll, smallSizes } from './model.ts'

const sizes = { ...smallSizes, volumeBytes: 1024 * 1024, rewriteSealBytes: 256 * 1024 }

interface Filled { store: Store, log: Log, batches: Buffer[] }

async function filled (directory: string, count: number, bytes = 1000): Promise<Filled> {
  const store = await openStore(directory, realEnvironment(nodeDisk()), sizes)
  const log = store.openLog('orders-0')
  const batches = Array.from({ length: count }, (_, base) => batch({ base, bytes }))
  await log.append(Buffer.concat(batches), false)
  return { store, log, batches }
}

t.test('a stretch is replaced, and stays so after the next open', async t => {
  const directory = t.testdir()
  const { store, log, batches } = await filled(directory, 100)
  const { revision } = log
  const smaller = batch({ base: 50, bytes: 100 })
  t.ok(await log.rewrite({ from: 0n, to: 90n, revision }, [smaller]))
  const left = Buffer.concat([smaller, ...batches.slice(90)])
  t.same(await readAll(log), left)
  t.equal(log.byteSize, left.length)
  t.same([log.startOffset, log.endOffset], [0n, 100n], 'neither end has moved')
  t.ok(await log.rewrite({ from: 0n, to: 60n, revision }, []), 'and once more, with nothing left of it')
  t.same(await readAll(log), Buffer.concat(batches.slice(90)))
  await store.close()
  const again = await openStore(directory, realEnvironment(nodeDisk()), sizes)
  t.same(await readAll(again.openLog('orders-0')), Buffer.concat(batches.slice(90)))
  await again.close()
})

t.test('what was replaced stays dead when the log is cut in the gap and written again', async t => {
  const { store, log, batches } = await filled(t.testdir(), 20)
  t.ok(await log.rewrite({ from: 5n, to: 15n, revision: log.revision }, []))
  await log.truncate(10n)
  const later = batch({ base: 10, bytes: 300 })
  await log.append(later, false)
  t.same(await readAll(log), Buffer.concat([...batches.slice(0, 5), later]))
  await store.sync()
  t.ok(await log.rewrite({ from: 0n, to: 5n, revision: log.revision }, []))
  t.same(await readAll(log), later)
  await store.close()
})

t.test('a rewrite is refused, and changes nothing, when the log is no longer what was read', async t => {
  const { store, log, batches } = await filled(t.testdir(), 20)
  const { revision } = log
  await log.truncate(18n)
  t.notOk(await log.rewrite({ from: 0n, to: 10n, revision }, []), 'cut')
  t.notOk(await log.rewrite({ from: 0n, to: 19n, revision: log.revision }, []), 'past the end')
  await log.advanceStart(10n)
  t.notOk(await log.rewrite({ from: 0n, to: 10n, revision: log.revision }, []), 'trimmed')
  t.same(await readAll(log), Buffer.concat(batches.slice(10, 18)))
  const outside =
    log.rewrite({ from: 10n, to: 12n, revision: log.revision }, [batches[12] as Buffer])
  await t.rejects(outside, { code: 'INVALID' }, 'a batch that does not belong into the range')
  const torn = log.rewrite({ from: 10n, to: 12n, revision: log.revision },
    [(batches[11] as Buffer).subarray(0, 99)])
  await t.rejects(torn, { code: 'INVALID' }, 'a batch that is not whole')
  await store.deleteLog('orders-0')
  t.notOk(await log.rewrite({ from: 10n, to: 12n, revision: log.revision }, []), 'deleted')
  await store.close()
  t.notOk(await log.rewrite({ from: 10n, to: 12n, revision: log.revision }, []), 'closed')
})

t.test('the space of what was replaced comes back with its volume', async t => {
  const { store, log, batches } = await filled(t.testdir(), 400, 3000)
  const { revision } = log
  for (let from = 0; from < 390; from += 30) {
    const range = { from: BigInt(from), to: BigInt(from + 30), revision }
    t.ok(await log.rewrite(range, [batches[from] as Buffer]))
  }
  while (store.stats().volumes > 1) await new Promise(resolve => { setTimeout(resolve, 5) })
  const left = batches.filter((_, index) => index >= 390 || index % 30 === 0)
  t.same(await readAll(log), Buffer.concat(left), 'large and small ones are where they were moved')
  await store.close()
})

t.test('a checkpoint that is asked for comes with the next flush', async t => {
  const directory = t.testdir()
  const { store, log } = await filled(directory, 10)
  let taken = 0
  log.onCheckpoint(() => Buffer.from(`state ${++taken}`))
  t.ok(await log.rewrite({ from: 0n, to: 5n, revision: log.revision }, []))
  log.checkpointSoon()
  while (log.checkpoint?.isDurable !==
    true) await new Promise(resolve => { setTimeout(resolve, 5) })
  t.same(log.checkpoint, { offset: 10n, state: Buffer.from('state 1'), number: 1, isDurable: true })
  await store.close()
})

t.test('a checkpoint that was taken before another was asked for is told from it', async t => {
  const { store, log } = await filled(t.testdir(), 10)
  let [state, least] = ['before', 0]
  log.onCheckpoint(() => {
    // The flush that this one comes with is not at its end when the state changes.
    if (least === 0) queueMicrotask(() => { [state, least] = ['after', log.checkpointSoon()] })
    return Buffer.from(state)
  })
  log.checkpointSoon()
  const seen = new Map<string, boolean>()
  for (let known = log.checkpoint; ; known = log.checkpoint) {
    if (known !== undefined) seen.set(String(known.state), known.number >= least)
    if (seen.get('after') !== undefined) break
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.same([...seen], [['before', false], ['after', true]])
  await store.close()
})

t.test('a search by time finds what is there, whatever is rewritten while it reads', async t => {
  const small = { ...sizes, volumeBytes: 24 * 1024, rewriteSealBytes: 1024, chunkBytes: 2048 }
  for (const readsBefore of [1, 2]) {
    for (const way of ['at or after', 'highest']) {
      const directory = t.testdir()
      const store = await openStore(directory, realEnvironment(nodeDisk()), small)
      const log = store.openLog('orders-0')
      const batches =
        Array.from({ length: 160 }, (_, base) => batch({ base, bytes: 700, timestamp: base }))
      for (let base = 0; base < 160; base += 8) {
        await log.append(Buffer.concat(batches.slice(base, base + 8)), false)
        await store.sync()
      }
      const read = log.read.bind(log)
      let reads = 0
      log.read = async (...wanted) => {
        // The volumes that it had in view are gone when the read comes.
        if (++reads === readsBefore) {
          t.ok(await log.rewrite({ from: 0n, to: 160n, revision: log.revision }, batches))
          await store.sync()
        }
        return read(...wanted)
      }
      const found = way === 'highest'
        ? await log.batchWithMaxTimestamp(160n)
        : await log.firstBatchAtOrAfter(5n, 160n, 7n)
      t.equal(found?.readBigInt64BE(0), way === 'highest' ? 159n : 7n, `${way}, ${readsBefore} reads before`)
      await store.close()
    }
  }
})
