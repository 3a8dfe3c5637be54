/**
 * A store beside the simplest thing that could be right: arrays of batches. A seed decides what is
 * done; after every step both must say the same.
 */
import type { Test } from 'tap'
import type { Log, LogRead, Store } from '../../src/store/contract.ts'
import { batch } from './fixtures.ts'

export function seeded (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

interface ModelBatch { base: bigint, last: bigint, bytes: Buffer, timestamp: bigint }
export interface ModelLog { name: string, batches: ModelBatch[], start: bigint, end: bigint }

export const smallSizes = {
  journalFileBytes: 64 * 1024,
  flushIntervalMs: 2,
  flushBytes: 32 * 1024,
  largeBatchBytes: 2 * 1024,
  chunkBytes: 8 * 1024,
  volumeBytes: 96 * 1024,
  pendingBytesMax: 256 * 1024,
  checkpointBytes: 16 * 1024,
  aliveRatioMin: 0.5,
  copySliceBytes: 8 * 1024,
  rewriteSealBytes: 32 * 1024,
  openVolumesMax: 2,
  openFilesMax: 2,
  reserveBytes: 0,
  scrubBytesPerSecond: 0,
}

export class Model {
  readonly logs = new Map<string, ModelLog>()
  store: Store
  #seed = 0
  readonly #random: () => number

  constructor (store: Store, random: () => number) {
    this.store = store
    this.#random = random
  }

  int (below: number): number { return Math.floor(this.#random() * below) }

  #pick (): { model: ModelLog, log: Log } {
    const name = `log-${this.int(5)}`
    const log = this.store.openLog(name)
    let model = this.logs.get(name)
    if (model === undefined) {
      model = { name, batches: [], start: 0n, end: 0n }
      this.logs.set(name, model)
    }
    return { model, log }
  }

  /** One step; resolves when it is acknowledged. */
  async step (): Promise<void> {
    const luck = this.#random()
    const { model, log } = this.#pick()
    if (luck < 0.7) return this.#append(model, log)
    if (luck < 0.76) return this.#rewrite(model, log)
    if (luck < 0.8) return this.#rewriteBeside(model, log)
    if (luck < 0.86) return this.#truncate(model, log)
    if (luck < 0.95) return this.#advance(model, log)
    if (luck < 0.97) {
      const offset = BigInt(this.int(1000))
      Object.assign(model, { batches: [], start: offset, end: offset })
      return log.reset(offset)
    }
    this.logs.delete(model.name)
    return this.store.deleteLog(model.name)
  }

  #append (model: ModelLog, log: Log): Promise<void> {
    const made: Buffer[] = []
    for (let count = 1 + this.int(4); count > 0; count--) {
      const base = model.end + BigInt(this.#random() < 0.1 ? this.int(5) : 0)
      const records = 1 + this.int(3)
      const large = this.#random() < 0.3
      const bytes = batch({
        base,
        records,
        bytes: large ? 2048 + this.int(20_000) : 61 + this.int(1_500),
        epoch: this.int(3),
        timestamp: this.int(100_000),
        seed: this.#seed++,
      })
      made.push(bytes)
      const last = base + BigInt(records - 1)
      model.batches.push({ base, last, bytes, timestamp: bytes.readBigInt64BE(35) })
      model.end = last + 1n
    }
    return log.append(Buffer.concat(made), this.#random() < 0.2)
  }

  /** What compaction does: some batches of a stretch go, some become smaller. */
  async #rewrite (model: ModelLog, log: Log): Promise<void> {
    const { batches } = model
    const from = this.int(batches.length + 1)
    const stretch = batches.slice(from, from + this.int(batches.length - from + 1))
    const last = stretch.at(-1)
    if (last === undefined) return
    const before = batches[from - 1]
    const left = new Map<ModelBatch, Buffer>()
    for (const one of stretch) {
      const { base, bytes, timestamp } = one
      const luck = this.#random()
      if (luck < 0.5) continue
      const records = Number(one.last - base) + 1
      const size = 61 + this.int(bytes.length - 60)
      left.set(one, luck < 0.7
        ? bytes
        : batch({
          base, records, bytes: size, timestamp, epoch: bytes.readInt32BE(12), seed: this.#seed++,
        }))
    }
    const range = {
      from: before === undefined
        ? lower(model.start, (stretch[0] as ModelBatch).base)
        : before.last + 1n,
      to: last.last + 1n,
      revision: log.revision,
    }
    if (!await log.rewrite(range, [...left.values()])) return
    model.batches = model.batches.flatMap(one => {
      if (!stretch.includes(one)) return [one]
      const bytes = left.get(one)
      return bytes === undefined ? [] : [{ ...one, bytes }]
    })
  }

  /** The same while something else happens to the log. */
  async #rewriteBeside (model: ModelLog, log: Log): Promise<void> {
    const rewriting = this.#rewrite(model, log)
    for (let count = this.int(3); count > 0; count--) {
      await new Promise(resolve => { setImmediate(resolve) })
    }
    const luck = this.#random()
    if (luck < 0.4) await this.#append(model, log)
    else if (luck < 0.7) await this.#truncate(model, log)
    else await this.#advance(model, log)
    await rewriting
  }

  #truncate (model: ModelLog, log: Log): Promise<void> {
    const back = BigInt(this.int(this.#random() < 0.2 ? 200 : 8))
    const offset = model.end > back ? model.end - back : 0n
    if (offset < model.end) {
      model.batches = model.batches.filter(({ last }) => last < offset)
      model.end = offset
      if (model.start > offset) model.start = offset
    }
    return log.truncate(offset)
  }

  #advance (model: ModelLog, log: Log): Promise<void> {
    const room = Number(model.end - model.start)
    const offset = model.start + BigInt(this.int(room + 1))
    model.start = offset
    model.batches = model.batches.filter(({ last }) => last >= offset)
    return log.advanceStart(offset)
  }

  /** Everything that can be seen of the store is what the model says. */
  async check (t: Test): Promise<void> {
    const names = [...this.logs.keys()].sort()
    t.same(this.store.logNames().sort(), names, 'the logs')
    for (const model of this.logs.values()) {
      const log = this.store.findLog(model.name)
      if (log === undefined) throw new Error(`${model.name} is missing`)
      await this.#checkLog(t, model, log)
    }
  }

  async #checkLog (t: Test, model: ModelLog, log: Log): Promise<void> {
    const said = { name: log.name, start: log.startOffset, end: log.endOffset }
    t.same(said, { name: model.name, start: model.start, end: model.end }, 'the ends')
    const kept = Buffer.concat(model.batches.map(({ bytes }) => bytes))
    const found = await readAll(log, 1 + this.int(40_000))
    if (!found.equals(kept)) {
      const why = { found: describe(found), kept: describe(kept), start: model.start }
      t.same(why.found, why.kept, `${model.name}: other bytes than were appended`)
    }
    if (log.byteSize !== kept.length) t.equal(log.byteSize, kept.length, `${model.name}: bytes`)
    const target = BigInt(this.int(100_000))
    const first = model.batches.find(({ timestamp }) => timestamp >= target)
    const byTime = await log.firstBatchAtOrAfter(target, model.end)
    if (byTime === undefined ? first !== undefined : !first?.bytes.equals(byTime)) {
      t.fail(`${model.name}: another batch at or after ${target}`)
    }
    let highest: ModelBatch | undefined
    for (const one of model.batches) {
      if (highest === undefined || one.timestamp > highest.timestamp) highest = one
    }
    const byMax = await log.batchWithMaxTimestamp(model.end)
    if (byMax === undefined ? highest !== undefined : !highest?.bytes.equals(byMax)) {
      t.fail(`${model.name}: another batch with the highest timestamp`)
    }
    await this.#checkRead(t, model, log)
  }

  async #checkRead (t: Test, model: ModelLog, log: Log): Promise<void> {
    const from = model.start + BigInt(this.int(Number(model.end - model.start) + 1))
    const end = from + BigInt(this.int(50))
    const maxBytes = this.int(20_000)
    const firstWhole = this.#random() < 0.5
    const read = await log.read(from, end, maxBytes, firstWhole)
    const found = Buffer.concat(read.chunks)
    const { bytes, nextOffset, isCut } = read
    read.release()
    const parted = await log.read(from, end, maxBytes, firstWhole, this.int(maxBytes))
    const atHand = Buffer.concat(parted.chunks)
    t.equal(atHand.length + (parted.rest?.length ?? 0), parted.bytes, 'what is at hand and what is to come')
    t.same([parted.bytes, parted.nextOffset], [bytes, nextOffset], 'a read in parts is the same read')
    if (bytes < maxBytes) t.equal(parted.isCut, isCut, 'and cut where it is')
    parted.release()
    const rest = await restOf(parted, this.int(maxBytes))
    if (!Buffer.concat([atHand, rest]).equals(found)) t.fail(`${model.name}: the parts of a read are not the whole`)
    const wanted = model.batches.filter(({ base, last }) =>
      from < end && last >= from && base < end)
    let expected = Buffer.alloc(0)
    for (const { bytes } of wanted) {
      const fits = expected.length + bytes.length <= maxBytes
      if (!fits && !(expected.length === 0 && firstWhole)) break
      expected = Buffer.concat([expected, bytes])
    }
    const isPrefix = expected.subarray(0, found.length).equals(found)
    if (!isPrefix || (expected.length > 0 && found.length === 0)) {
      t.fail(`${model.name}: a read of ${from} to ${end}, ${maxBytes} bytes, is wrong`)
    }
  }
}

function lower (left: bigint, right: bigint): bigint { return left < right ? left : right }

/** What a read has counted only, in parts of so many bytes. */
export async function restOf ({ rest }: LogRead, partBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let bytes = 0; rest !== undefined && bytes < rest.length;) {
    const part = await rest.next(partBytes)
    chunks.push(Buffer.concat(part.chunks))
    bytes += part.bytes
    part.release()
  }
  return Buffer.concat(chunks)
}

export async function readAll (log: Log, maxBytes = 100_000): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let offset = log.startOffset; offset < log.endOffset;) {
    const read = await log.read(offset, log.endOffset, maxBytes, true)
    const bytes = Buffer.concat(read.chunks)
    read.release()
    if (bytes.length === 0) break
    chunks.push(bytes)
    for (let at = 0; at < bytes.length; at += bytes.readInt32BE(at + 8) + 12) {
      offset = bytes.readBigInt64BE(at) + BigInt(bytes.readInt32BE(at + 23)) + 1n
    }
  }
  return Buffer.concat(chunks)
}

/** Base offsets and sizes, for a failure that a reader can understand. */
function describe (bytes: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += bytes.readInt32BE(at + 8) + 12) {
    lines.push(`${bytes.readBigInt64BE(at)} ${bytes.readInt32BE(at + 8) + 12}`)
  }
  return lines
}
