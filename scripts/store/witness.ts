/**
 * A writer whose every operation is announced and acknowledged in lines, and a witness who hears
 * them and afterwards judges what a store holds: each log must be what it was after one of its
 * operations, and none older than what was promised.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { at, baseOffset, batchSize, lastOffset } from '../../protocol/records/header.ts'
import { batchIsIntact } from '../../src/store/checksum.ts'
import type { Log, Store } from '../../src/store/contract.ts'
import { batch } from '../../test/store/fixtures.ts'
import { readAll } from '../../test/store/model.ts'

const LOGS = 12

interface Kept { base: bigint, last: bigint, size: number, crc: number }
export interface State { start: bigint, end: bigint, batches: Kept[] }
type Tell = (...words: Array<string | number | bigint>) => void

const EMPTY: State = { start: 0n, end: 0n, batches: [] }

function batchesOf (bytes: Buffer): Kept[] {
  const found: Kept[] = []
  for (let offset = 0; offset < bytes.length; offset += batchSize(bytes, offset)) {
    const size = batchSize(bytes, offset)
    const crc = batchIsIntact(bytes, offset, size) ? bytes.readUInt32BE(offset + at.crc) : -1
    found.push({ base: baseOffset(bytes, offset), last: lastOffset(bytes, offset), size, crc })
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

/** Tells what the store holds, log by log. */
export async function report (store: Store, tell: Tell): Promise<void> {
  for (const name of store.logNames()) {
    const log = store.findLog(name) as Log
    const batches = batchesOf(await readAll(log))
    tell('found', name, log.startOffset, log.endOffset, write(batches))
  }
}

/**
 * Changes every log at the same time, one operation of each after the other, until it fails or is
 * over.
 */
export async function change (
  store: Store, random: () => number, seed: number, tell: Tell, isOver = () => false
): Promise<void> {
  let flushes = 0
  const step = async (name: string, count: number): Promise<void> => {
    await operate(store, name, random, seed + count, tell)
    // told before the acknowledgement, so that no flush before it counts as one after it
    const now = store.stats().flushes
    if (now !== flushes) tell('flushed', now)
    flushes = now
    tell('did', name)
    // changes write their turn at once, so without this twelve logs never let the loop go round
    await nextTurn()
  }
  await Promise.all(Array.from({ length: LOGS }, async (_, index) => {
    for (let count = 0; !isOver(); count++) await step(`log-${index}`, count)
  }))
}

async function operate (
  store: Store, name: string, random: () => number, seed: number, tell: Tell
): Promise<void> {
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
  } else if (luck < 0.1 && length > 0) {
    await rewrite(log, random, tell)
  } else if (luck < 0.2 || length > 400) {
    const offset = log.startOffset + BigInt(Math.floor(random() * length))
    tell('will', name, 'start', offset)
    await log.advanceStart(offset)
  } else {
    const bytes = some(log, random, seed)
    const durable = random() < 0.1
    tell('will', name, durable ? 'durable' : 'append', write(batchesOf(bytes)))
    await log.append(bytes, durable)
  }
}

/** What compaction does: half of the batches of a stretch go. */
async function rewrite (log: Log, random: () => number, tell: Tell): Promise<void> {
  const { revision } = log
  const batches = splitBatches(await readAll(log))
  const first = Math.floor(random() * batches.length)
  const stretch = batches.slice(first, first + 1 + Math.floor(random() * 40))
  const last = stretch.at(-1)
  // A log that was cut in a batch and begins behind that batch's base has nothing between its ends.
  if (stretch[0] === undefined || last === undefined) {
    tell('will', log.name, 'start', log.startOffset)
    return log.advanceStart(log.startOffset)
  }
  const to = lastOffset(last) + 1n
  const from = baseOffset(stretch[0])
  const left = stretch.filter(() => random() < 0.5)
  tell('will', log.name, 'rewrite', from, to, write(batchesOf(Buffer.concat(left))))
  if (!await log.rewrite({ from, to, revision }, left)) throw new Error('a rewrite was refused')
}

function splitBatches (bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let offset = 0; offset < bytes.length; offset += batchSize(bytes, offset)) {
    found.push(bytes.subarray(offset, offset + batchSize(bytes, offset)))
  }
  return found
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

function after (state: State, words: readonly string[]): State {
  const [kind, argument] = words
  const { start, end, batches } = state
  if (kind === 'delete') return EMPTY
  if (kind === 'append' || kind === 'durable') {
    const added = read(argument)
    return { start, end: (added.at(-1)?.last ?? 0n) + 1n, batches: [...batches, ...added] }
  }
  const offset = BigInt(argument ?? '0')
  if (kind === 'rewrite') {
    const to = BigInt(words[2] ?? '0')
    const below = batches.filter(({ base }) => base < offset)
    return { start, end, batches: [...below, ...read(words[3]),
      ...batches.filter(({ base }) => base >= to)] }
  }
  if (kind === 'start') {
    if (offset <= start) return state
    return { start: offset, end, batches: batches.filter(({ last }) => last >= offset) }
  }
  if (offset >= end) return state
  const kept = batches.filter(({ last }) => last < offset)
  return { start: start < offset ? start : offset, end: offset, batches: kept }
}

function same (left: State, right: State): boolean {
  return left.start === right.start && left.end === right.end &&
    write(left.batches) === write(right.batches)
}

/** One log's states, one an operation; those before `floor` may not come back. */
interface History { states: State[], floor: number, words: string[] | undefined, flushes: number[] }

export class Witness {
  readonly problems: string[] = []
  operations = 0
  openMs = 0
  #flushes = 0
  #histories = new Map<string, History>()
  #found = new Map<string, State>()
  readonly #mode: 'kill' | 'power loss'

  constructor (mode: 'kill' | 'power loss') { this.#mode = mode }

  hear (line: string): void {
    const [kind, name = '', ...words] = line.split(' ')
    if (kind === 'will') this.#history(name).words = words
    else if (kind === 'did') this.#did(this.#history(name))
    else if (kind === 'flushed') this.#flushes = Number(name)
    else if (kind === 'found') {
      const [start = '0', end = '0', batches] = words
      this.#found.set(name, { start: BigInt(start), end: BigInt(end), batches: read(batches) })
    } else if (kind === 'opened') this.openMs = Math.max(this.openMs, Number(name))
    else if (kind === 'ready') this.#judge()
    else this.problems.push(line)
  }

  #history (name: string): History {
    let history = this.#histories.get(name)
    if (history === undefined) {
      history = { states: [EMPTY], floor: 0, words: undefined, flushes: [0] }
      this.#histories.set(name, history)
    }
    return history
  }

  #did (history: History): void {
    this.operations++
    const words = history.words ?? []
    history.states.push(after(history.states.at(-1) ?? EMPTY, words))
    history.flushes.push(this.#flushes)
    history.words = undefined
    const isDurable = words[0] === 'durable' || words[0] === 'rewrite'
    if (this.#mode === 'kill' || isDurable) history.floor = history.states.length - 1
  }

  /** Compares what was found with what was promised, and starts anew from there. */
  #judge (): void {
    for (let index = 0; index < LOGS; index++) {
      const name = `log-${index}`
      const found = this.#found.get(name) ?? EMPTY
      this.#judgeLog(name, found, this.#history(name))
      this.#histories.set(name,
        { states: [found], floor: 0, words: undefined, flushes: [0] })
    }
    this.#found = new Map()
    this.#flushes = 0
  }

  #judgeLog (name: string, found: State, history: History): void {
    const { states, words, flushes } = history
    let { floor } = history
    // a flush that began after the acknowledgement has ended
    for (let index = floor; index < states.length; index++) {
      if ((flushes[index] ?? 0) + 2 <= this.#flushes) floor = index
    }
    const allowed = states.slice(floor)
    if (words !== undefined) allowed.push(after(states.at(-1) ?? EMPTY, words))
    if (allowed.some(state => same(state, found))) return
    const known = states.slice(0, floor).some(state => same(state, found))
    this.problems.push(`${name}: ${known ? 'lost' : 'wrong'}: found ${show(found)}, ` +
      `promised ${show(states[floor] ?? EMPTY)}, acknowledged ${show(states.at(-1) ?? EMPTY)}, ` +
      `under way ${words?.[0] ?? 'nothing'}`)
  }
}

function show (state: State): string {
  const damaged = state.batches.filter(({ crc }) => crc === -1).length
  return `${state.start} to ${state.end} with ${state.batches.length} batches` +
    (damaged > 0 ? `, ${damaged} damaged` : '')
}
