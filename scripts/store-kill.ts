/**
 * Kills a writer with SIGKILL at random moments, again and again in one directory, and checks at
 * every reopening that each log is what was acknowledged, or that and the one operation under way.
 * Usage: node dist/scripts/store-kill.js [--rounds 1000] [--seed 1] [--directory /tmp/x]
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { batchIsIntact } from '../src/store/checksum.ts'
import type { Log, Store } from '../src/store/contract.ts'
import { nodeDisk } from '../src/store/disk-node.ts'
import { openStore } from '../src/store/store.ts'
import { batch, realEnvironment } from '../test/store/fixtures.ts'
import { readAll, seeded, smallSizes } from '../test/store/model.ts'

const LOGS = 12

interface Kept { base: bigint, last: bigint, size: number, crc: number }
/** What a log holds; undefined when there is none. */
interface State { start: bigint, end: bigint, batches: Kept[] }

function argument (name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1] ?? otherwise
}

/** One line of the writer; written before it goes on, so what it did last is always told. */
function tell (...words: Array<string | number | bigint>): void {
  fs.writeSync(1, words.join(' ') + ' .\n')
}

function batchesOf (bytes: Buffer): Kept[] {
  const found: Kept[] = []
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readInt32BE(at + 8) + 12
    const base = bytes.readBigInt64BE(at)
    const last = base + BigInt(bytes.readInt32BE(at + 23))
    const crc = batchIsIntact(bytes, at, size) ? bytes.readUInt32BE(at + 17) : -1
    found.push({ base, last, size, crc })
    at += size
  }
  return found
}

function write (batches: readonly Kept[]): string {
  return batches.map(({ base, last, size, crc }) => `${base}:${last}:${size}:${crc}`).join(',')
}

function read (text: string | undefined): Kept[] {
  if (text === undefined || text === '') return []
  return text.split(',').map(part => {
    const [base = '0', last = '0', size, crc] = part.split(':')
    return { base: BigInt(base), last: BigInt(last), size: Number(size), crc: Number(crc) }
  })
}

/** The child: tells what it finds, then changes one log after the other until it is killed. */
async function writer (directory: string, seed: number): Promise<void> {
  const random = seeded(seed)
  const began = performance.now()
  const store = await openStore(directory, realEnvironment(nodeDisk(), (level, message) => {
    if (level === 'error') tell('error', message)
  }), smallSizes)
  tell('opened', Math.round(performance.now() - began))
  for (const name of store.logNames()) {
    const log = store.findLog(name) as Log
    const batches = batchesOf(await readAll(log))
    tell('found', name, log.startOffset, log.endOffset, write(batches))
  }
  tell('ready')
  const jobs = Array.from({ length: LOGS }, (_, index) =>
    change(store, `log-${index}`, random, seed))
  await Promise.all(jobs)
}

async function change (
  store: Store, name: string, random: () => number, seed: number
): Promise<void> {
  for (let count = 0; ; count++) {
    const luck = random()
    const log = store.openLog(name)
    const length = Number(log.endOffset - log.startOffset)
    if (luck < 0.004) {
      tell('will', name, 'delete')
      await store.deleteLog(name)
    } else if (luck < 0.05) {
      const offset = log.endOffset - BigInt(Math.floor(random() * Math.min(length, 30)))
      tell('will', name, 'truncate', offset)
      await log.truncate(offset)
    } else if (luck < 0.15 || length > 400) {
      const offset = log.startOffset + BigInt(Math.floor(random() * length))
      tell('will', name, 'start', offset)
      await log.advanceStart(offset)
    } else {
      const bytes = some(log, random, seed + count)
      tell('will', name, 'append', write(batchesOf(bytes)))
      await log.append(bytes, random() < 0.1)
    }
    tell('did', name)
  }
}

function some (log: Log, random: () => number, seed: number): Buffer {
  const made: Buffer[] = []
  let base = log.endOffset
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const records = 1 + Math.floor(random() * 4)
    const bytes = random() < 0.3 ? 2048 + random() * 12_000 : 61 + random() * 1_500
    made.push(batch({ base, records, bytes: Math.floor(bytes), seed }))
    base += BigInt(records)
  }
  return Buffer.concat(made)
}

function after (state: State | undefined, words: string[]): State | undefined {
  const [kind, argument] = words
  const { start, end, batches } = state ?? { start: 0n, end: 0n, batches: [] }
  if (kind === 'delete') return undefined
  if (kind === 'append') {
    const added = read(argument)
    return { start, end: (added.at(-1)?.last ?? 0n) + 1n, batches: [...batches, ...added] }
  }
  const offset = BigInt(argument ?? '0')
  if (kind === 'start') {
    if (offset <= start) return { start, end, batches }
    return { start: offset, end, batches: batches.filter(({ last }) => last >= offset) }
  }
  if (offset >= end) return { start, end, batches }
  const kept = batches.filter(({ last }) => last < offset)
  return { start: start < offset ? start : offset, end: offset, batches: kept }
}

function same (left: State | undefined, right: State | undefined): boolean {
  // a log that was opened and never written to may be there or not
  const [one, two] = [left, right].map(state => state ?? { start: 0n, end: 0n, batches: [] })
  return one?.start === two?.start && one?.end === two?.end &&
    write(one?.batches ?? []) === write(two?.batches ?? [])
}

/** What the parent knows: what is acknowledged, and what is under way, per log. */
class Witness {
  readonly acknowledged = new Map<string, State | undefined>()
  readonly underway = new Map<string, string[]>()
  readonly problems: string[] = []
  operations = 0
  openMs = 0
  private found = new Map<string, State>()

  hear (line: string): void {
    const [kind, name = '', ...words] = line.split(' ')
    if (kind === 'will') this.underway.set(name, words)
    else if (kind === 'did') this.did(name)
    else if (kind === 'found') {
      const [start = '0', end = '0', batches] = words
      this.found.set(name, { start: BigInt(start), end: BigInt(end), batches: read(batches) })
    } else if (kind === 'opened') this.openMs = Math.max(this.openMs, Number(name))
    else if (kind === 'ready') this.compare()
    else this.problems.push(line)
  }

  private did (name: string): void {
    this.acknowledged.set(name,
      after(this.acknowledged.get(name), this.underway.get(name) ?? []))
    this.underway.delete(name)
    this.operations++
  }

  private compare (): void {
    for (let index = 0; index < LOGS; index++) {
      const name = `log-${index}`
      const found = this.found.get(name)
      const known = this.acknowledged.get(name)
      const words = this.underway.get(name)
      const also = words === undefined ? known : after(known, words)
      if (!same(found, known) && !same(found, also)) {
        this.problems.push(`${name}: found ${show(found)}, acknowledged ${show(known)}, ` +
          `under way ${words?.[0] ?? 'nothing'}`)
      }
      this.acknowledged.set(name, found)
    }
    this.underway.clear()
    this.found = new Map()
  }
}

function show (state: State | undefined): string {
  if (state === undefined) return 'no log'
  return `${state.start} to ${state.end} with ${state.batches.length} batches`
}

function listen (child: ChildProcess, witness: Witness, ready: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('the writer has no output'))
    const lines = createInterface({ input: child.stdout })
    lines.on('line', line => {
      if (!line.endsWith(' .')) return // cut by the kill, so what it announced was not begun
      witness.hear(line.slice(0, -2))
      if (line === 'ready .') ready()
    })
    lines.on('close', resolve)
  })
}

async function round (directory: string, seed: number, witness: Witness): Promise<void> {
  const random = seeded(seed)
  const self = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [self, '--child', directory, '--seed', String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): void => { child.kill('SIGKILL') }
  // a part of the kills falls into the opening
  const early = random() < 0.25
  let timer = setTimeout(kill, early ? 60 + random() * 120 : 10_000)
  const heard = listen(child, witness, () => {
    if (early) return
    clearTimeout(timer)
    timer = setTimeout(kill, random() * 150)
  })
  await Promise.all([heard, new Promise(resolve => { child.once('exit', resolve) })])
  clearTimeout(timer)
  if (child.signalCode !== 'SIGKILL') witness.problems.push(`the writer ended: ${child.exitCode}`)
}

async function main (): Promise<void> {
  const rounds = Number(argument('rounds', '1000'))
  const firstSeed = Number(argument('seed', '1'))
  const directory = argument('directory', join('/tmp', `ottla-store-kill-${process.pid}`))
  const limitMs = Number(argument('minutes', '30')) * 60_000
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory, { recursive: true })
  const witness = new Witness()
  const began = Date.now()
  let done = 0
  while (done < rounds && witness.problems.length === 0 && Date.now() - began < limitMs) {
    await round(directory, firstSeed + done, witness)
    done++
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${done} of ${rounds} kills, ${witness.operations} acknowledged `)
    }
  }
  for (const problem of witness.problems) console.error(problem)
  if (witness.problems.length === 0) fs.rmSync(directory, { recursive: true, force: true })
  console.log(`\n${done} kills, ${witness.operations} operations acknowledged, ` +
    `${witness.problems.length} lost or wrong, slowest open ${witness.openMs} ms`)
  process.exitCode = witness.problems.length === 0 ? 0 : 1
}

const child = argument('child', '')
if (child === '') await main()
else await writer(child, Number(argument('seed', '1')))
