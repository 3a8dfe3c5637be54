/**
 * What the store costs beside plain files: for each shape of turn, the same bytes once through the
 * store and once by writev and an fdatasync every 50 ms, in turn, on the same disk.
 * `npm run store:bench -- [--directory D] [--seconds 4] [--option name=value] [--shape '1 x 1 KB']
 * [--way store]`.
 */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { stamp } from '../../protocol/records/header.ts'
import type { StoreEnvironment } from '../../src/store/contract.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { StoreOptions } from '../../src/store/store.ts'
import { batch } from '../../test/store/fixtures.ts'
import { numberOption, textOption } from '../options.ts'

const LOGS = 64
const GB = 1024 ** 3

interface Shape { name: string, batches: number, bytes: number }
interface Figures {
  p50: number
  p99: number
  megabytesPerSecond: number
  cpuPerGigabyte: number
  fileBytes: number
}

const shapes: Shape[] = [
  { name: '1 x 1 KB', batches: 1, bytes: 1024 },
  { name: '16 x 1 KB', batches: 16, bytes: 1024 },
  { name: '16 x 10 KB', batches: 16, bytes: 10 * 1024 },
  { name: '1 x 100 KB', batches: 1, bytes: 100 * 1024 },
]

/** For example `16 x 4 KB`. */
function shapeNamed (name: string): Shape {
  const match = /^(\d+) x (\d+) KB$/.exec(name)
  if (match === null) throw new Error(`--shape ${name}: give it as '16 x 4 KB'`)
  return { name, batches: Number(match[1]), bytes: Number(match[2]) * 1024 }
}

function given (words: readonly string[]): Partial<StoreOptions> {
  const options: Record<string, number> = {}
  words.forEach((word, index) => {
    if (word !== '--option') return
    const [name, value] = (words[index + 1] ?? '').split('=')
    if (name !== undefined) options[name] = Number(value)
  })
  return options
}

/** Runs turns until the time is over; `turn` writes one, `settle` makes everything durable. */
async function measure (
  shape: Shape, seconds: number, turn: () => void, ready: () => Promise<void> | undefined,
  settle: () => Promise<void>
): Promise<Omit<Figures, 'fileBytes'> & { payload: number }> {
  const times: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  let payload = 0
  while (performance.now() - began < seconds * 1000) {
    await ready()
    const before = performance.now()
    turn()
    times.push(performance.now() - before)
    payload += shape.batches * shape.bytes
    await nextTurn()
  }
  await settle()
  const elapsed = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  times.sort((left, right) => left - right)
  return {
    payload,
    p50: (times[Math.floor(times.length / 2)] ?? 0) * 1000,
    p99: (times[Math.floor(times.length * 0.99)] ?? 0) * 1000,
    megabytesPerSecond: payload / elapsed / 1e6,
    cpuPerGigabyte: (used.user + used.system) / 1e6 / (payload / GB),
  }
}

/** Batches of each log, ready but for their offsets, which are stamped as a leader does. */
function prepare (shape: Shape): Buffer[] {
  return Array.from({ length: LOGS }, (_, log) =>
    batch({ base: 0, bytes: shape.bytes, seed: log }))
}

async function throughStore (
  shape: Shape, directory: string, seconds: number, options: Partial<StoreOptions>
): Promise<Figures> {
  let isOpen = false
  let turnEnd: (() => void) | undefined
  const environment: StoreEnvironment = {
    disk: nodeDisk(),
    nowMs: () => Date.now(),
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      return { cancel: () => { clearTimeout(timer) } }
    },
    // An opening goes by itself; from then on the bench says when a turn is over.
    atTurnEnd: run => { if (isOpen) turnEnd = run; else setImmediate(run) },
    log: (level, message) => { if (level !== 'info') console.error(message) },
  }
  const store = await openStore(directory, environment, { scrubBytesPerSecond: 0, ...options })
  isOpen = true
  const logs = Array.from({ length: LOGS }, (_, index) => store.openLog(`log-${index}`))
  const batches = prepare(shape)
  let next = 0
  const figures = await measure(shape, seconds, () => {
    for (let count = 0; count < shape.batches; count++) {
      const index = next++ % LOGS
      const log = logs[index]
      const bytes = batches[index]
      if (log === undefined || bytes === undefined) continue
      stamp(bytes, log.endOffset, 0)
      log.append(bytes, false).catch(error => { throw error })
    }
    turnEnd?.()
    turnEnd = undefined
  }, () => store.underPressure
    ? new Promise<void>(resolve => { store.onRelief(resolve) })
    : undefined, async () => {
    const closed = store.close()
    while (!await Promise.race([closed.then(() => true), nextTurn(false)])) turnEnd?.()
  })
  return { ...figures, fileBytes: sizeOf(directory) / figures.payload }
}

/** The floor: the same bytes into plain files of the same size, without an index. */
async function plainly (shape: Shape, directory: string, seconds: number): Promise<Figures> {
  fs.mkdirSync(directory, { recursive: true })
  const batches = prepare(shape)
  let number = 0
  let position = 0
  let file = fs.openSync(join(directory, '0'), 'w')
  let syncing: Promise<void> | undefined
  let synced = performance.now()
  let next = 0
  const sync = (descriptor: number): Promise<void> => new Promise((resolve, reject) => {
    fs.fdatasync(descriptor, error => error === null ? resolve() : reject(error))
  })
  const figures = await measure(shape, seconds, () => {
    const parts: Buffer[] = []
    for (let count = 0; count < shape.batches; count++) {
      const bytes = batches[next++ % LOGS]
      if (bytes !== undefined) parts.push(bytes)
    }
    position += fs.writevSync(file, parts, position)
    if (position > 64 * 1024 * 1024) {
      const full = file
      sync(full).then(() => { fs.closeSync(full) }, error => { throw error })
      file = fs.openSync(join(directory, String(++number)), 'w')
      position = 0
    }
    if (syncing === undefined && performance.now() - synced >= 50) {
      synced = performance.now()
      syncing = sync(file).catch(() => {}).then(() => { syncing = undefined })
    }
  }, () => undefined, async () => {
    await syncing
    await sync(file)
  })
  fs.closeSync(file)
  return { ...figures, fileBytes: sizeOf(directory) / figures.payload }
}

/** What the files take on the disk. */
function sizeOf (directory: string): number {
  let bytes = 0
  for (const entry of fs.readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += fs.statSync(join(entry.parentPath, entry.name)).blocks * 512
  }
  return bytes
}

function show (name: string, way: string, figures: Figures): void {
  const { p50, p99, megabytesPerSecond, cpuPerGigabyte, fileBytes } = figures
  console.log([
    name.padEnd(11), way.padEnd(6), `p50 ${p50.toFixed(1)} us`, `p99 ${p99.toFixed(1)} us`,
    `${megabytesPerSecond.toFixed(0)} MB/s`, `${cpuPerGigabyte.toFixed(2)} CPU s/GB`,
    `${fileBytes.toFixed(3)} file bytes per byte`,
  ].join('  '))
}

export async function main (words: readonly string[]): Promise<number> {
  const root = textOption(words, 'directory', join(tmpdir(), 'ottla-store-bench'))
  const seconds = numberOption(words, 'seconds', 4)
  const only = textOption(words, 'shape', '')
  const onlyWay = textOption(words, 'way', '')
  const summary: string[] = []
  for (const shape of only === '' ? shapes : [shapeNamed(only)]) {
    const ways: Array<[string, typeof throughStore]> = [['plain', plainly], ['store', throughStore]]
    const found = new Map<string, Figures>()
    for (const [way, run] of ways) {
      if (onlyWay !== '' && way !== onlyWay) continue
      fs.rmSync(root, { recursive: true, force: true })
      const figures = await run(shape, join(root, way), seconds, given(words))
      found.set(way, figures)
      show(shape.name, way, figures)
    }
    const plain = found.get('plain')
    const store = found.get('store')
    if (plain === undefined || store === undefined) continue
    const speed = store.megabytesPerSecond / plain.megabytesPerSecond
    const cpu = store.cpuPerGigabyte / plain.cpuPerGigabyte
    summary.push(`${shape.name}: ${speed.toFixed(2)}x speed, ${cpu.toFixed(2)}x CPU, ` +
      `${store.fileBytes.toFixed(2)} file bytes per byte`)
  }
  fs.rmSync(root, { recursive: true, force: true })
  console.log(`store beside plain files: ${summary.join('; ')}`)
  return 0
}
