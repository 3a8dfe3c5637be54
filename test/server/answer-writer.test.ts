/** Answers in parts: what is read when, what is held meanwhile, and what becomes of it. */
import t from 'tap'
import type { BytesAtHand, BytesToCome } from '../../protocol/bytes-to-come.ts'
import { AnswerMemory, PART_BYTES, PART_BYTES_MIN, STALLED_MS } from '../../src/server/answer-memory.ts'
import { AnswerWriter } from '../../src/server/answer-writer.ts'

const MB = 1024 * 1024

/** Takes what it is given only when it is told to. */
class SlowSocket {
  readonly heard: Buffer[] = []
  takesAtOnce = false
  #waiting: Array<() => void> = []
  cork (): void {}
  uncork (): void {}

  write (chunk: Buffer, done?: () => void): boolean {
    this.heard.push(Buffer.from(chunk))
    if (this.takesAtOnce) done?.()
    else if (done !== undefined) this.#waiting.push(done)
    return this.takesAtOnce
  }

  take (): void { for (const done of this.#waiting.splice(0)) done() }
  get text (): string { return Buffer.concat(this.heard).toString() }
}

/** Letters, `a` first, handed out in parts of what is asked for; counts what is held. */
class Letters implements BytesToCome {
  readonly length: number
  held = 0
  isSlow = false
  fails = false
  readonly asked: number[] = []
  #given = 0

  constructor (length: number) { this.length = length }

  next (bytesMax: number): BytesAtHand | Promise<BytesAtHand> {
    this.asked.push(bytesMax)
    if (this.fails) throw new Error('gone')
    const bytes = Math.min(bytesMax, this.length - this.#given)
    const chunk = Buffer.alloc(bytes, 97 + this.asked.length - 1)
    this.#given += bytes
    this.held++
    const part = { chunks: [chunk], bytes, release: () => { this.held-- } }
    return this.isSlow ? new Promise(resolve => { setImmediate(() => { resolve(part) }) }) : part
  }
}

function writing (memory = memoryOf(64 * MB)) {
  const socket = new SlowSocket()
  const events: string[] = []
  const holder = {
    proceed: () => { events.push('proceed') },
    stalled: () => { events.push('stalled') },
    unsentBytes: 0,
  }
  const writer = new AnswerWriter({
    socket,
    memory,
    holder,
    atTurnEnd: run => { setImmediate(run) },
    progressed: () => {},
    finished: () => { events.push('finished') },
    failed: error => { events.push((error as Error).message) },
  })
  const taken = (): void => {
    socket.take()
    writer.drained()
  }
  return { socket, events, holder, writer, memory, taken }
}

function memoryOf (bytesMax: number) {
  const clock = { now: 0, due: [] as Array<() => void> }
  const memory = new AnswerMemory(bytesMax, {
    nowMs: () => clock.now,
    setTimer: (_, run) => {
      clock.due.push(run)
      return { cancel: () => {} }
    },
  })
  return Object.assign(memory, { clock })
}

t.test('what is at hand goes out at once, the rest two parts ahead at most', async t => {
  const { socket, events, writer, memory, taken } = writing()
  const letters = new Letters(3 * PART_BYTES)
  let released = 0
  writer.write([Buffer.from('<'), letters, Buffer.from('>')], [() => { released++ }])
  t.equal(socket.text, '<', 'the first byte waits for nothing')
  t.equal(letters.asked.length, 1, 'and one part is read ahead')
  t.equal(memory.bytes, PART_BYTES)
  t.ok(writer.isSending)
  taken()
  t.equal(released, 1)
  t.equal(letters.asked.length, 2)
  t.equal(memory.bytes, 2 * PART_BYTES, 'one at the socket, one ahead')
  taken()
  t.equal(memory.bytes, 2 * PART_BYTES)
  taken()
  taken()
  taken()
  t.same(events, ['finished'])
  t.equal(socket.text, `<${'a'.repeat(PART_BYTES)}${'b'.repeat(PART_BYTES)}${'c'.repeat(PART_BYTES)}>`)
  t.equal(letters.held, 0)
  t.equal(memory.bytes, 0)
})

t.test('several sources, read slowly or at once, come in their order', async t => {
  for (const isSlow of [false, true]) {
    const { socket, events, writer } = writing()
    socket.takesAtOnce = true
    const sources = [new Letters(PART_BYTES + 1), new Letters(3), new Letters(2 * PART_BYTES)]
    for (const source of sources) source.isSlow = isSlow
    writer.write([Buffer.from('1'), sources[0] as Letters, Buffer.from('2'), sources[1] as Letters, sources[2] as Letters], [])
    while (events.length === 0) await new Promise(resolve => { setImmediate(resolve) })
    t.equal(socket.text, `1${'a'.repeat(PART_BYTES)}b2aaa${'a'.repeat(PART_BYTES)}${'b'.repeat(PART_BYTES)}`)
    t.same(sources.map(({ held }) => held), [0, 0, 0])
  }
})

t.test('one connection does not keep the loop to itself', async t => {
  const { socket, events, writer } = writing()
  socket.takesAtOnce = true
  writer.write([Buffer.from('<'), new Letters(10 * MB)], [])
  t.ok(socket.heard.reduce((sum, { length }) => sum + length, 0) <= MB + 2 * PART_BYTES)
  t.same(events, [])
  while (events.length === 0) await new Promise(resolve => { setImmediate(resolve) })
  t.equal(socket.text.length, 10 * MB + 1)
})

t.test('a client that goes leaves nothing behind', async t => {
  for (const isSlow of [false, true]) {
    const { events, writer, memory, socket } = writing()
    const letters = new Letters(3 * PART_BYTES)
    letters.isSlow = isSlow
    writer.write([Buffer.from('<'), letters], [])
    writer.abandon()
    await new Promise(resolve => { setImmediate(() => { setImmediate(resolve) }) })
    socket.take()
    t.equal(letters.held, 0)
    t.equal(memory.bytes, 0)
    t.same(events, [])
  }
})

t.test('what cannot be read cuts the connection', async t => {
  const { events, writer, memory } = writing()
  const letters = new Letters(3 * PART_BYTES)
  letters.fails = true
  writer.write([Buffer.from('<'), letters], [])
  t.same(events, ['gone'])
  t.equal(memory.bytes, 0)
})

t.test('ottla.queued.max.response.bytes: near the bound parts are small and none is read ahead', async t => {
  const memory = memoryOf(10 * PART_BYTES)
  const hungry = Array.from({ length: 100 }, () => writing(memory))
  for (const { writer, taken } of hungry) {
    writer.write([Buffer.from('<'), new Letters(10 * MB)], [])
    taken()
  }
  t.ok(memory.bytes <= 10 * PART_BYTES + hungry.length * PART_BYTES_MIN, `${memory.bytes} bytes at ten times the bound`)
  t.ok(memory.isFull)
  for (const { writer, socket } of hungry) {
    writer.abandon()
    socket.take()
  }
  t.equal(memory.bytes, 0)
})

t.test('past the bound requests wait, and who takes nothing is closed for them', async t => {
  const memory = memoryOf(MB)
  const lazy = writing(memory)
  const other = writing(memory)
  const waiting = writing(memory)
  lazy.writer.write([Buffer.alloc(MB)], [])
  other.writer.write([Buffer.alloc(MB)], [])
  t.ok(memory.isFull)
  memory.wait(waiting.holder)
  memory.clock.now = STALLED_MS - 1
  for (const run of memory.clock.due.splice(0)) run()
  t.same(lazy.events, [], 'it still has time')
  other.socket.take()
  t.same(waiting.events, [], 'there is no room yet')
  memory.clock.now = STALLED_MS
  for (const run of memory.clock.due.splice(0)) run()
  t.same(lazy.events, ['stalled'])
  t.same(other.events, [], 'whoever reads stays')
  lazy.socket.take()
  t.same(waiting.events, ['proceed'])
  t.equal(memory.bytes, 0)
})

t.test('who takes a large part bit by bit is not closed, and who stops is', async t => {
  const memory = memoryOf(MB)
  const slow = writing(memory)
  const waiting = writing(memory)
  slow.writer.write([Buffer.alloc(MB)], [])
  slow.holder.unsentBytes = MB
  memory.clock.now = 2 * STALLED_MS
  memory.wait(waiting.holder)
  const sweep = (ms: number): void => {
    memory.clock.now += ms
    for (const run of memory.clock.due.splice(0)) run()
  }
  sweep(STALLED_MS - 1)
  t.same(slow.events, [], 'its time begins when others wait')
  for (let round = 0; round < 10; round++) {
    slow.holder.unsentBytes -= 1000
    sweep(STALLED_MS - 1)
  }
  t.same(slow.events, [])
  sweep(STALLED_MS)
  t.same(slow.events, ['stalled'])
})
