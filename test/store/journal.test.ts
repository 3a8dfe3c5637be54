import t from 'tap'
import {
  ENTRY_SIZE, encodeFileHeader, FILE_HEADER_SIZE, fileHeaderIsGood, kinds, readEntry,
  readTurnStart, tableIsIntact, TURN_HEADER_SIZE, writeEntry, writeTurnHeader
} from '../../src/store/journal-format.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { Guard } from '../../src/store/guard.ts'
import { Journal } from '../../src/store/journal.ts'
import type { JournalFile } from '../../src/store/journal.ts'
import { append, bytesOf, extentAt, moved } from '../../src/store/extents.ts'
import type { Extent } from '../../src/store/extents.ts'
import { Pool } from '../../src/store/pool.ts'
import { realEnvironment } from './fixtures.ts'

t.test('a file header tells its number and its version', async t => {
  const bytes = encodeFileHeader(7)
  t.ok(fileHeaderIsGood(bytes, 7))
  t.notOk(fileHeaderIsGood(bytes, 8))
  t.notOk(fileHeaderIsGood(bytes.subarray(0, FILE_HEADER_SIZE - 1), 7))
  bytes.writeUInt16BE(2, 8)
  t.notOk(fileHeaderIsGood(bytes, 7), 'a version that we do not read')
})

t.test('a turn comes back as it was written, and any flipped bit of its table is noticed', async t => {
  const bytes = Buffer.alloc(TURN_HEADER_SIZE + 2 * ENTRY_SIZE)
  writeEntry(bytes, TURN_HEADER_SIZE, kinds.small, 3, 2n ** 40n, 1000, 5)
  writeEntry(bytes, TURN_HEADER_SIZE + ENTRY_SIZE, kinds.truncate, 4, 9n, 0, -1)
  writeTurnHeader(bytes, 0, 2, 2n ** 50n, 2, 1000)
  t.same(readTurnStart(bytes, 0), { generation: 2, number: 2n ** 50n, count: 2, bodyBytes: 1000 })
  t.same(readEntry(bytes, TURN_HEADER_SIZE),
    { kind: kinds.small, log: 3, offset: 2n ** 40n, length: 1000, epoch: 5 })
  t.ok(tableIsIntact(bytes, 0, 2))
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (tableIsIntact(bytes, 0, 2)) t.fail(`bit ${bit} was not noticed`)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  }
  t.equal(readTurnStart(Buffer.alloc(100), 0), undefined)
})

t.test('a file that is being read keeps its descriptor, however many others are opened', async t => {
  const memory = new MemoryDisk().disk()
  memory.createDirectory('/data/journal')
  const kept = new Map<number, number>()
  const pathOf = (number: number): string => `/data/journal/${String(number).padStart(10, '0')}.journal`
  for (let number = 1; number <= 80; number++) {
    memory.create(pathOf(number)).write([Buffer.alloc(100, number)], 0)
    kept.set(number, 100)
  }
  const open = new Set<string>()
  let letGo = (): void => {}
  const held = new Promise<void>(resolve => { letGo = resolve })
  const disk = {
    ...memory,
    open: (path: string) => {
      const file = memory.open(path)
      open.add(path)
      return {
        ...file,
        read: file.read.bind(file),
        readAsync: async (into: Buffer, position: number) => {
          await held
          if (!open.has(path)) throw new Error(`${path} was closed while it was read`)
          return file.read(into, position)
        },
        close: () => { open.delete(path) },
      }
    },
  }
  const guard = new Guard(realEnvironment(disk), 1000)
  const journal = new Journal('/data', disk, guard, { journalFileBytes: 100, openFilesMax: 64, mutant: undefined })
  journal.scan(kept)
  const fileOf = (number: number): JournalFile => journal.files.get(number) as JournalFile
  const bytes = Buffer.alloc(10)
  const read = journal.fillAsync(fileOf(1), bytes, 0)
  for (let number = 2; number <= 80; number++) journal.fill(fileOf(number), Buffer.alloc(10), 0)
  letGo()
  await read
  t.same(bytes, Buffer.alloc(10, 1))
  t.equal(open.size, 64, 'no more than the bound stay open')
  t.notOk(open.has(pathOf(2)))
  const buffers = Array.from({ length: 80 }, () => Buffer.alloc(10))
  await Promise.all(buffers.map((into, index) => journal.fillAsync(fileOf(index + 1), into, 0)))
  t.ok(buffers.every((buffer, index) => buffer.equals(Buffer.alloc(10, index + 1))), 'more than the bound at once')
  t.equal(open.size, 64, 'and then no more than the bound again')
})

const extent = (volume: number, from: number, to: number, bytes = to - from): Extent =>
  ({ volume, keys: 1, from: BigInt(from), to: BigInt(to), bytes, maxTimestamp: 0n })

t.test('extents join, are found, and move with a copy', async t => {
  const list = [extent(1, 0, 10), extent(2, 10, 20), extent(1, 25, 30)]
  t.same(append(list, extent(1, 30, 40)).at(-1), extent(1, 25, 40, 15))
  t.same(append(list, extent(3, 30, 40)).length, 4)
  t.equal(bytesOf(list), 25)
  for (const [offset, index] of [[0, 0], [9, 0], [10, 1], [22, 2], [29, 2], [30, 3]] as const) {
    t.equal(extentAt(list, BigInt(offset)), index, `offset ${offset}`)
  }
  const weigh = ({ from }: Extent, offset: bigint): number => Number(offset - from)
  t.same(moved(list, extent(4, 0, 10), 0n, weigh),
    [extent(4, 0, 10), extent(2, 10, 20), extent(1, 25, 30)])
  t.same(moved(list, extent(2, 5, 10), 0n, weigh),
    [extent(1, 0, 5), extent(2, 5, 20), extent(1, 25, 30)], 'a part, which joins its neighbour')
  t.same(moved(list, extent(4, 5, 28, 3), 0n, weigh),
    [extent(1, 0, 5), extent(4, 5, 28, 3), extent(1, 28, 30)], 'one over several, with less in it')
  t.same(moved([extent(1, 0, 30)], { ...extent(1, 5, 28, 0), keys: 9 }, 0n, weigh),
    [extent(1, 0, 5), { ...extent(1, 5, 28, 0), keys: 9 }, extent(1, 28, 30)],
    'nothing is left of it, and its neighbours do not join over what is dead')
  t.same(moved([extent(1, 8, 20)], extent(4, 5, 12), 8n, weigh),
    [extent(4, 8, 12), extent(1, 12, 20)], 'trimmed meanwhile')
  t.same(moved([extent(1, 0, 8)], extent(4, 5, 12), 0n, weigh),
    [extent(1, 0, 5), extent(4, 5, 8)], 'cut meanwhile')
  t.same(moved([], extent(4, 5, 12), 0n, weigh), [], 'reset meanwhile')
  const other = { ...extent(1, 30, 40), keys: 9 }
  t.same(append(list, other).length, 4, 'other keys are another extent')
})

t.test('pooled memory comes back with its last holder', async t => {
  const pool = new Pool([100, 1000], { setTimer: () => ({ cancel: () => {} }) })
  const buffer = pool.take(80)
  t.equal(buffer.bytes.length, 100)
  buffer.retain()
  buffer.release()
  t.equal(pool.heldBytes, 100)
  buffer.release()
  t.equal(pool.heldBytes, 0)
  t.throws(() => { buffer.release() }, /more often/)
  t.equal(pool.take(100).bytes, buffer.bytes, 'the same memory again')
  t.equal(pool.take(5000).bytes.length, 5000, 'what is too large stands alone')
})
