import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { ticksIn } from '../../src/store/lock.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import type { Disk, KeyValueEnvironment } from '../../src/store/disk.ts'
import { SPOILED } from '../support/memory-watch.ts'
import { seeded } from './model.ts'

const disks: Array<[string, (path: string) => { disk: Disk, directory: string }]> = [
  ['the real disk', path => ({ disk: nodeDisk(), directory: path })],
  ['the memory disk', () => ({ disk: new MemoryDisk().disk(), directory: '/data' })],
]

const text = (value: string): Buffer => Buffer.from(value)

t.test('a file that cannot be LMDB\'s is refused before it is mapped', async t => {
  const path = join(t.testdir(), 'kept.mdb')
  const disk = nodeDisk()
  const kept = disk.openEnvironment(path, { mapBytes: 1 << 20 })
  await kept.apply([{ key: text('a'), value: text('1') }]).flushed
  await kept.apply([{ key: text('b'), value: text('2') }]).flushed
  await kept.close()
  const whole = readFileSync(path)
  const open = (bytes: Buffer, readOnly = false) => {
    writeFileSync(path, bytes)
    return disk.openEnvironment(path, { mapBytes: 1 << 20, readOnly })
  }
  const damaged: Array<[string, Buffer]> = [
    ['cut in its first page', whole.subarray(0, 100)], ['cut in its second', whole.subarray(0, 5000)],
    ['cut behind both', whole.subarray(0, 8192)], ['zeros', Buffer.alloc(whole.length)],
    ['a root overwritten', Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192)])],
  ]
  for (const [name, bytes] of damaged) {
    t.throws(() => open(bytes), { name: 'StoreError', code: 'CORRUPT', message: /kept.mdb is damaged: / }, name)
  }
  t.throws(() => open(Buffer.alloc(0), true), { code: 'CORRUPT', message: /it is empty/ })
  const again = open(whole)
  t.equal(String(again.get(text('b'))), '2')
  await again.close()
})

for (const [name, make] of disks) {
  t.test(`${name}: files`, async t => {
    const { disk, directory } = make(t.testdir())
    disk.createDirectory(join(directory, 'a', 'b'))
    const path = join(directory, 'a', 'b', 'file')
    const file = disk.create(path)
    file.write([text('one'), text('two')], 0)
    file.write([text('X')], 8)
    await file.sync()
    await disk.syncDirectory(join(directory, 'a', 'b'))
    const into = Buffer.alloc(20)
    t.equal(file.read(into, 0), 9)
    t.same(into.subarray(0, 9), Buffer.from('onetwo\0\0X'), 'a hole reads as zeros')
    t.equal(await file.readAsync(into, 3), 6)
    t.equal(file.read(into, 100), 0, 'nothing behind the end')
    file.truncate(3)
    t.equal(file.size(), 3)
    file.close()
    disk.rename(path, `${path}2`)
    t.same(disk.list(join(directory, 'a', 'b')), ['file2'])
    const again = disk.open(`${path}2`)
    t.equal(again.size(), 3)
    again.close()
    t.ok(disk.exists(`${path}2`))
    await disk.unlink(`${path}2`)
    t.notOk(disk.exists(`${path}2`))
    t.throws(() => disk.open(path), { code: 'ENOENT' })
    t.ok(disk.freeBytes(directory) > 0)
  })

  t.test(`${name}: many parts in one write`, async t => {
    const { disk, directory } = make(t.testdir())
    const file = disk.create(join(directory, 'file'))
    const parts = Array.from({ length: 3000 }, (_, index) => text(String(index % 10)))
    file.write(parts, 0)
    const into = Buffer.alloc(3000)
    file.read(into, 0)
    t.same(into, Buffer.concat(parts))
    file.close()
  })

  t.test(`${name}: an environment keeps its keys in byte order`, async t => {
    const { disk, directory } = make(t.testdir())
    const path = join(directory, 'keys.mdb')
    const environment = disk.openEnvironment(path, { mapBytes: 1 << 30 })
    const keys = [[0, 1], [0, 200], [1], [1, 0], [127, 255], [200, 1]].map(key => Buffer.from(key))
    const { committed, flushed } = environment.apply(
      [...keys].reverse().map(key => ({ key, value: Buffer.concat([text('v'), key]) })))
    await committed
    t.same(environment.get(Buffer.from([1, 0])), Buffer.from('v\x01\x00'))
    await flushed
    const all = { start: Buffer.from([0]), end: Buffer.from([255]) }
    t.same(environment.keys(all), keys)
    t.same(environment.keys({ ...all, limit: 2 }), keys.slice(0, 2))
    t.same(environment.keys({ start: Buffer.from([1]), end: Buffer.from([127, 255]) }),
      keys.slice(2, 4), 'the end is not included')
    const down = { start: Buffer.from([1, 5]), end: Buffer.from([0, 1]), reverse: true }
    t.same(environment.keys(down), [keys[3], keys[2], keys[1]], 'downwards from the start')
    t.same(environment.keys({ ...down, start: Buffer.from([1, 0]), limit: 1 }), [keys[3]],
      'the start is included')
    await environment.apply([
      { key: keys[0] as Buffer, value: undefined }, { key: keys[1] as Buffer, value: text('new') },
    ]).flushed
    t.equal(environment.get(keys[0] as Buffer), undefined)
    t.same(environment.getFast(keys[1] as Buffer), text('new'))
    await environment.prefetch(keys)
    t.ok(environment.stats().freePages >= 0)
    await environment.close()
    const reading = disk.openEnvironment(path, { mapBytes: 1 << 30, readOnly: true })
    t.same(reading.get(keys[1] as Buffer), text('new'))
    const closed = reading.close()
    const again = disk.openEnvironment(path, { mapBytes: 1 << 30, readOnly: true })
    t.same(again.get(keys[1] as Buffer), text('new'), 'one that reads was closed at once')
    await closed
    await again.close()
  })

  t.test(`${name}: a lock has one holder`, async t => {
    const { disk, directory } = make(t.testdir())
    const path = join(directory, 'lock')
    const lock = await disk.lock(path)
    await t.rejects(disk.lock(path), { code: 'LOCKED' })
    lock.release()
    const again = await disk.lock(path)
    again.release()
  })
}

t.test('a power loss keeps what was synced, and of the rest something', async t => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const memory = new MemoryDisk()
    const disk = memory.disk()
    disk.createDirectory('/data')
    const file = disk.create('/data/kept')
    file.write([text('synced')], 0)
    await file.sync()
    await disk.syncDirectory('/data')
    file.write([text('later!')], 6)
    disk.create('/data/unsynced')
    const environment = disk.openEnvironment('/data/keys', { mapBytes: 1 << 20 })
    await environment.apply([{ key: text('k'), value: text('1') }]).flushed
    memory.powerLoss(seeded(seed))
    t.throws(() => { file.write([text('x')], 0) }, { code: 'EBADF' }, 'the old process is dead')
    const after = memory.disk()
    const into = Buffer.alloc(12)
    const count = after.open('/data/kept').read(into, 0)
    t.same(into.subarray(0, 6), text('synced'))
    outcomes.add(`${count} ${after.exists('/data/unsynced')} ${after.exists('/data/keys')}`)
  }
  t.ok(outcomes.size >= 4, 'no part of the unsynced is certain')
})

t.test('a kill keeps every completed write, and flushed transactions', async t => {
  const memory = new MemoryDisk()
  const disk = memory.disk()
  disk.createDirectory('/data')
  disk.create('/data/file').write([text('written')], 0)
  const environment = disk.openEnvironment('/data/keys', { mapBytes: 1 << 20 })
  await environment.apply([{ key: text('k'), value: text('1') }]).flushed
  await environment.apply([{ key: text('k'), value: text('2') }]).committed
  memory.kill()
  const after = memory.disk()
  t.equal(after.open('/data/file').size(), 7)
  const found = after.openEnvironment('/data/keys', { mapBytes: 1 << 20 }).get(text('k'))
  t.same(found, text('1'), 'back to the last flush, as a safe restore goes')
})

t.test('faults come on demand', async t => {
  const memory = new MemoryDisk({ capacityBytes: 100 })
  const disk = memory.disk()
  disk.createDirectory('/data')
  const file = disk.create('/data/file')
  t.throws(() => { file.write([Buffer.alloc(150)], 0) }, { code: 'ENOSPC' })
  t.equal(file.size(), 100, 'what fits was written')
  memory.faults = { writeError: 'EIO' }
  t.throws(() => { file.write([text('x')], 0) }, { code: 'EIO' })
  memory.faults = { syncError: 'EIO' }
  await t.rejects(file.sync(), { code: 'EIO' })
  memory.faults = { commitError: 'EIO' }
  const environment = disk.openEnvironment('/data/keys', { mapBytes: 1 << 20 })
  await t.rejects(environment.apply([{ key: text('k'), value: text('1') }]).committed)
})

t.test('a dead process that nobody has waited for holds nothing', async t => {
  const rest = Array.from({ length: 30 }, (_, index) => String(index + 4)).join(' ')
  t.equal(ticksIn(`7 (a b) c) S ${rest}`), '22')
  t.equal(ticksIn(`7 (node) Z ${rest}`), undefined)
})

t.test('the memory disk refuses, and remembers, what a real one may not survive (storage.md 4.1.10)', async t => {
  const rows: ReadonlyArray<readonly [string, RegExp, (disk: Disk) => unknown]> = [
    ['a file after its close', /used after it was closed/, disk => {
      const file = disk.create('/data/file')
      file.close()
      file.read(Buffer.alloc(1), 0)
    }],
    ['a file that is closed twice', /used after it was closed/, disk => {
      const file = disk.create('/data/file')
      file.close()
      file.close()
    }],
    ['a file that is closed under a sync', /closed under a reader, or a sync/, disk => {
      const file = disk.create('/data/file')
      void file.sync()
      file.close()
    }],
    ['a file that is closed under a reader', /closed under a reader, or a sync/, disk => {
      const file = disk.create('/data/file')
      void file.readAsync(Buffer.alloc(1), 0)
      file.close()
    }],
    ['an environment that is opened twice', /opened twice/, disk => {
      open(disk)
      open(disk)
    }],
    ['an environment that is opened while it closes', /opened twice/, disk => {
      void open(disk).close()
      open(disk)
    }],
    ['an environment that is opened twice by another name', /opened twice/, disk => {
      open(disk)
      disk.rename('/data/kept', '/data/other')
      open(disk, '/data/other')
    }],
    ['an environment after its close', /used after it was closed/, disk => {
      const kept = open(disk)
      void kept.close()
      kept.getFast(text('a'))
    }],
    ['an environment that is closed while pages are loaded', /closed under a reader/, disk => {
      const kept = open(disk)
      void kept.prefetch([])
      return kept.close()
    }],
    ['an environment that is unlinked while it is open', /unlinked while it was open/, async disk => {
      open(disk)
      await disk.unlink('/data/kept')
    }],
    ['a lock that is given back by one who has a file open', /open, and the lock was given back/, async disk => {
      const lock = await disk.lock('/data/lock')
      disk.create('/data/file')
      lock.release()
    }],
    ['a file that is opened without the lock', /after the lock was given back/, async disk => {
      const lock = await disk.lock('/data/lock')
      lock.release()
      disk.create('/data/journal/file')
    }],
  ]
  for (const [name, message, use] of rows) {
    const memory = new MemoryDisk()
    const disk = memory.disk()
    await t.rejects(async () => use(disk), { code: 'EBADF', message }, name)
    t.match(memory.misuses, [message], name)
  }
})

t.test('the memory disk lends a value until the next call, and no longer than this turn', async t => {
  const kept = open(new MemoryDisk().disk())
  await kept.apply([{ key: text('a'), value: text('1') }]).flushed
  const first = kept.getFast(text('a'))
  t.same(first, text('1'))
  const second = kept.getFast(text('a'))
  t.same([first, second], [Buffer.from([SPOILED]), text('1')])
  await Promise.resolve()
  t.same(second, Buffer.from([SPOILED]))
  t.same(kept.get(text('a')), text('1'), 'it was a copy')
})

function open (disk: Disk, path = '/data/kept'): KeyValueEnvironment {
  return disk.openEnvironment(path, { mapBytes: 1 << 20 })
}
