/**
 * A kill at any moment of a seal or a removal: the next start takes away what they left, and
 * nothing else.
 */
import { basename } from 'node:path'
import t from 'tap'
import type { StoreEnvironment } from '../../src/store/contract.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log, Store } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'
import { readAll } from './model.ts'

const VOLUMES = '/data/volumes'
const FLUSH_MS = 1
/** More than a seal and the removal behind it take. */
const TURNS_MAX = 100

async function turn (): Promise<void> { await new Promise(resolve => { setImmediate(resolve) }) }

/** Flushes come with the next turn, and what a killed process still waits for keeps nobody here. */
function environment (disk: MemoryDisk): StoreEnvironment {
  return {
    ...realEnvironment(disk.disk()),
    setTimer: (delayMs, run) => {
      if (delayMs <= FLUSH_MS) {
        const next = setImmediate(run)
        return { cancel: () => { clearImmediate(next) } }
      }
      const timer = setTimeout(run, delayMs).unref()
      return { cancel: () => { clearTimeout(timer) } }
    },
  }
}

function open (disk: MemoryDisk): Promise<Store> {
  return openStore('/data', environment(disk), {
    volumeBytes: 3000, flushIntervalMs: FLUSH_MS, largeBatchBytes: 2048, scrubBytesPerSecond: 0,
    reserveBytes: 0,
  })
}

async function put (store: Store, log: Log, bytes: number): Promise<void> {
  const { flushes } = store.stats()
  await log.append(batch({ base: log.endOffset, bytes }), false)
  while (store.stats().flushes === flushes) await turn()
}

/** Three volumes: the first is dead with its log, the last is about to be sealed. */
async function readyToSeal (disk: MemoryDisk): Promise<{ store: Store, kept: Log }> {
  const store = await open(disk)
  const [old, kept] = [store.openLog('old'), store.openLog('kept')]
  while (store.stats().volumes === 1) await put(store, old, 2500)
  while (store.stats().volumes === 2) await put(store, kept, 1500)
  await put(store, kept, 1500)
  return { store, kept }
}

/** A flush that seals, and one that removes, in the course of which the process is killed. */
async function killedAfter (
  turns: number
): Promise<{ disk: MemoryDisk, isOver: boolean, wanted: number }> {
  const disk = new MemoryDisk({ setTimer: (_delayMs, run) => { setImmediate(run) } })
  const { store, kept } = await readyToSeal(disk)
  const { flushes } = store.stats()
  await kept.append(batch({ base: kept.endOffset, bytes: 1900 }), false)
  await store.deleteLog('old')
  for (let count = 0; count < turns; count++) await turn()
  const isOver = store.stats().flushes > flushes + 1 && disk.filesIn(VOLUMES).length === 3
  const wanted = kept.byteSize
  disk.kill()
  return { disk, isOver, wanted }
}

t.test('4.1.10: nothing is left of what a kill has interrupted', async t => {
  let interruptedSeals = 0
  let isOver = false
  for (let turns = 0; !isOver && turns < TURNS_MAX; turns++) {
    const killed = await killedAfter(turns)
    const { disk, wanted } = killed
    isOver = killed.isOver
    const before = disk.filesIn(VOLUMES).map(path => basename(path))
    const store = await open(disk)
    const after = disk.filesIn(VOLUMES).map(path => basename(path))
    if (before.some(name => name.endsWith('.new'))) interruptedSeals++
    const what = `after ${turns} turns: ${before.join(' ')}`
    t.ok(after.every(name => /^\d{10}\.volume$/.test(name)), what)
    t.equal(after.length, store.stats().volumes, what)
    t.equal(disk.filesIn('/data/journal').length, store.stats().journalFiles, what)
    const kept = store.findLog('kept') as Log
    t.equal((await readAll(kept)).length, wanted, what)
    await store.close()
    t.same([disk.misuses, disk.held], [[], []], what)
  }
  t.ok(isOver)
  t.ok(interruptedSeals > 0)
})

t.test('LMDB keeps a lock beside a volume, which may be all that is left of it', async t => {
  const disk = new MemoryDisk()
  await (await open(disk)).close()
  const process = disk.disk()
  for (const name of ['0000000007.volume-lock', '0000000002.volume.new', '0000000002.volume.new-lock']) {
    process.create(`${VOLUMES}/${name}`).close()
  }
  const store = await open(disk)
  t.same(disk.filesIn(VOLUMES), [`${VOLUMES}/0000000001.volume`])
  await store.close()
})
