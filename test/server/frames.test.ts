/** Bytes to frames: any cut of the stream, and sizes that are none. */
import t from 'tap'
import { FramePool } from '../../src/server/frame-pool.ts'
import { FIRST_CAPACITY_MAX, FrameError, FrameReader, READ_BYTES_MAX } from '../../src/server/frames.ts'

function reader (sizeMax = 1000): { frames: string[], push (bytes: Buffer): void } {
  const frames: string[] = []
  const reader = new FrameReader(sizeMax, new FramePool(NO_CLOCK), ({ bytes }) => { frames.push(bytes.toString('hex')) })
  return { frames, push: bytes => { reader.push(bytes) } }
}

function framed (...bodies: Buffer[]): Buffer {
  return Buffer.concat(bodies.flatMap(body => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(body.length)
    return [size, body]
  }))
}

const bodies = [8, 9, 100, 1000].map(
  size => Buffer.from(Array.from({ length: size }, (_, index) => index * 7 & 255))
)
const expected = bodies.map(body => body.toString('hex'))

/** Nothing is given back to the system. */
const NO_CLOCK = { setTimer: () => ({ cancel: () => {} }) }

t.test('cut at any byte', async t => {
  const bytes = framed(...bodies)
  let wrong = 0
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { frames, push } = reader()
    push(bytes.subarray(0, cut))
    push(bytes.subarray(cut))
    if (frames.join() !== expected.join()) wrong++
  }
  t.equal(wrong, 0)
})

t.test('one byte at a time', async t => {
  const { frames, push } = reader()
  for (const byte of framed(...bodies)) push(Buffer.from([byte]))
  t.same(frames, expected)
})

t.test('frames above the first capacity grow with what comes', async t => {
  const body = Buffer.alloc(3 * FIRST_CAPACITY_MAX + 5, 0xab)
  body[body.length - 1] = 1
  const bytes = framed(body, Buffer.alloc(8))
  const found: number[] = []
  const pool = new FramePool(NO_CLOCK)
  const reader = new FrameReader(bytes.length, pool, ({ bytes, pooled }) => {
    found.push(bytes.length, bytes.at(-1) as number)
    if (pooled !== undefined) pool.give(pooled)
  })
  for (let at = 0; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536))
  t.same(found, [body.length, 1, 8, 0])
  t.equal(pool.heldBytes, 0, 'what it outgrew was given back')
})

/** Gives the reader its bytes as a socket does that reads into memory of ours, `most` at a time. */
function receive (reader: FrameReader, bytes: Buffer, most: number): void {
  for (let at = 0; at < bytes.length;) {
    const room = reader.room()
    const count = bytes.copy(room, 0, at, at + Math.min(most, room.length))
    reader.received(count)
    room.fill(0xee, count)
    at += count
  }
}

t.test('read into room of the reader, in pieces of any size', async t => {
  const bytes = framed(...bodies)
  for (let most = 1; most <= bytes.length; most++) {
    const pool = new FramePool(NO_CLOCK)
    const frames: Buffer[] = []
    receive(new FrameReader(1000, pool, frame => { frames.push(frame.bytes) }), bytes, most)
    pool.landing.fill(0xff)
    const found = frames.map(frame => frame.toString('hex')).join()
    if (found !== expected.join()) t.fail(`pieces of ${most}`)
  }
})

t.test('two connections read to the same place in turn', async t => {
  const pool = new FramePool(NO_CLOCK)
  const frames: string[] = []
  const all = bodies.map(body => {
    const reader = new FrameReader(1000, pool, ({ bytes }) => { frames.push(bytes.toString('hex')) })
    return { reader, bytes: framed(body), at: 0 }
  })
  while (all.some(({ bytes, at }) => at < bytes.length)) {
    for (const each of all) {
      const count = Math.min(3, each.bytes.length - each.at)
      receive(each.reader, each.bytes.subarray(each.at, each.at + count), count)
      each.at += count
    }
  }
  t.same(frames, expected)
})

t.test('a large frame is read to where it stays, a bounded piece at a time', async t => {
  const body = Buffer.alloc(3 * FIRST_CAPACITY_MAX + 5, 'what is read')
  const bytes = framed(body, Buffer.alloc(8))
  const found: Buffer[] = []
  const pool = new FramePool(NO_CLOCK)
  const reader = new FrameReader(bytes.length, pool, frame => { found.push(frame.bytes) })
  receive(reader, bytes.subarray(0, 100), 100)
  t.not(reader.room().buffer, pool.landing.buffer)
  t.equal(reader.room().length, READ_BYTES_MAX)
  receive(reader, bytes.subarray(100, FIRST_CAPACITY_MAX + 4), Infinity)
  t.equal(reader.room(), pool.landing, 'full, and not larger before more comes')
  t.equal(reader.pendingBytes, FIRST_CAPACITY_MAX)
  receive(reader, bytes.subarray(FIRST_CAPACITY_MAX + 4), Infinity)
  t.equal(reader.room(), pool.landing)
  t.ok(found[0]?.equals(body))
  t.equal(found[1]?.length, 8)
})

t.test('R-X1: a size that is none', async t => {
  const cases: Array<[string, number, boolean]> = [
    ['the largest', 1000, true], ['one more', 1001, false], ['none', 0, false], ['negative', -1, false],
    ['less than a header', 7, false], ['the least', 8, true], ['all bits', -2147483648, false], ['HTTP', 0x47455420, false],
  ]
  for (const [name, size, legal] of cases) {
    const prefix = Buffer.alloc(4)
    prefix.writeInt32BE(size)
    const whole = reader()
    const split = reader()
    const byHalves = (): void => {
      split.push(prefix.subarray(0, 2))
      split.push(prefix.subarray(2))
    }
    if (legal) {
      t.doesNotThrow(() => { whole.push(prefix) }, name)
      t.doesNotThrow(byHalves, name)
    } else {
      t.throws(() => { whole.push(prefix) }, FrameError, name)
      t.throws(byHalves, FrameError, name)
    }
  }
  const { frames, push } = reader()
  t.throws(() => { push(Buffer.concat([framed(Buffer.alloc(8)), Buffer.from('ffffffff', 'hex')])) }, FrameError)
  t.equal(frames.length, 1, 'what came before it is a frame')
})

t.test('a size alone buys no memory', async t => {
  const taken: number[] = []
  class Watched extends FramePool {
    override take (size: number): Buffer {
      taken.push(size)
      return super.take(size)
    }
  }
  const reader = new FrameReader(104857600, new Watched(NO_CLOCK), () => {})
  reader.push(Buffer.from('06400000', 'hex'))
  t.ok(taken.every(size => size <= FIRST_CAPACITY_MAX), 'a hundred megabytes are announced, one is taken')
})
