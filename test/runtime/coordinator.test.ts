import t from 'tap'
import { code } from '../../protocol/errors.ts'
import type { Answer, Decision, RecordPosition, StoredRecord } from '../../src/core/decision.ts'
import { Step } from '../../src/core/decision.ts'
import { Coordinator } from '../../src/runtime/coordinator.ts'
import type { CoordinatorMachine } from '../../src/runtime/coordinator-contract.ts'
import { Parked } from '../../src/runtime/parked.ts'
import { Timers } from '../../src/runtime/timers.ts'
import { FakeClock, FakeLog, outcome, settled } from './fake-log.ts'

const record = (text: string): StoredRecord => ({ key: Buffer.from(`\0\0${text}`), value: Buffer.from(text) })

/** Remembers what it is told: its state is the list of what was replayed. */
class Notebook implements CoordinatorMachine {
  readonly seen: string[] = []
  readonly positions: RecordPosition[] = []
  readonly due: Array<{ atMs: number, run: (nowMs: number) => Decision }> = []
  readonly parked: Parked<string>[] = []
  unloaded = 0

  replay ({ key, value }: StoredRecord, position: RecordPosition): boolean {
    const text = key.subarray(2).toString()
    if (text === 'broken') throw new Error('a record that cannot be read')
    this.seen.push(value === null ? `-${text}` : text)
    this.positions.push(position)
    return text !== 'unknown'
  }

  replayEndOfTransaction (producerId: bigint, committed: boolean): void {
    this.seen.push(`${committed ? 'commit' : 'abort'} ${producerId}`)
  }

  loaded (): Decision { return new Step(0).decide() }

  unload (): readonly Answer[] {
    this.unloaded += 1
    return this.parked.splice(0).map(ticket => ({ ticket, response: 'sent away' }))
  }

  deadline (): number | undefined {
    return this.due.length === 0 ? undefined : Math.min(...this.due.map(({ atMs }) => atMs))
  }

  * expire (nowMs: number): Generator<Decision> {
    for (const each of this.due.splice(0)) {
      if (each.atMs > nowMs) this.due.push(each)
      else yield each.run(nowMs)
    }
  }
}

function note<R> (reply: R, ...texts: string[]): Decision<R> {
  const step = new Step(0)
  step.replay = true
  step.records.push(...texts.map(record))
  return step.decide(reply)
}

async function started ({ log = new FakeLog(), clock = new FakeClock(), commitTimeoutMs = 5_000 } = {}) {
  const machines: Notebook[] = []
  const timers = new Timers(clock)
  const messages: string[] = []
  const coordinator = new Coordinator('topic-0', log, 1, () => {
    const machine = new Notebook()
    machines.push(machine)
    return machine
  }, {
    clock, timers, commitTimeoutMs, loadBufferBytes: 100, log: (_, message) => { messages.push(message) },
  })
  const loading = coordinator.load()
  await settled()
  const machine = (): Notebook => machines.at(-1) as Notebook
  return { log, clock, coordinator, machine, machines, loading, messages }
}

const failing = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => 'done', (error: { errorCode: number }) => error.errorCode)

function thrown (run: () => void): unknown {
  try {
    run()
    return 'nothing'
  } catch (error) {
    return (error as { errorCode?: number }).errorCode
  }
}

t.test('2, load: from the start of the log to its end, in pieces', async t => {
  const log = new FakeLog()
  for (let index = 0; index < 50; index++) log.write([record(`a${index}`), record(`b${index}`)])
  log.write([{ key: Buffer.from('\0\0a0'), value: null }])
  log.startOffset = 3n
  const { coordinator, machine, clock, loading } = await started({ log })
  t.equal(coordinator.state, 'LOADING', 'it does not load all in one turn')
  await clock.advance(1_000)
  await loading
  t.equal(coordinator.state, 'ACTIVE')
  t.equal(machine().seen.length, 98)
  t.same(machine().positions.map(({ offset }) => offset), Array.from({ length: 98 }, (_, index) => BigInt(index + 3)))
  t.same([machine().seen[0], machine().seen.at(-1)], ['b1', '-a0'])
})

t.test('2, load: a long one lets others have their turns, and ends when nobody wants it any more', async t => {
  const log = new FakeLog()
  for (let index = 0; index < 5; index++) {
    log.write(Array.from({ length: 3_000 }, (_, each) => record(`${index}/${each}`)))
  }
  const read = log.readBatches.bind(log)
  log.readBatches = offset => read(offset, 1e9)
  const { coordinator, machine } = await started({ log })
  t.equal(machine().seen.length, 6_000)
  const other = await started({ log })
  await other.clock.advance(0)
  t.equal(other.machine().seen.length, 15_000)
  t.equal(other.coordinator.state, 'ACTIVE')
  t.equal(coordinator.state, 'LOADING')
  coordinator.close()
  t.equal(machine().seen.length, 6_000)
})

t.test('2, load: transactions, control batches, records of unknown types', async t => {
  const log = new FakeLog()
  const marker = (type: number) => ({ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) })
  log.write([record('x')], { transactional: true, producerId: 7n, producerEpoch: 0 })
  log.write([marker(1)], { transactional: true, control: true, producerId: 7n, producerEpoch: 0 })
  log.write([marker(0)], { transactional: true, control: true, producerId: 8n, producerEpoch: 0 })
  log.write([marker(2)], { control: true })
  log.write([record('unknown'), record('y')], { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
  const { coordinator, machine, clock, messages } = await started({ log })
  await clock.advance(1_000)
  t.equal(coordinator.state, 'ACTIVE')
  t.same(machine().seen, ['x', 'commit 7', 'abort 8', 'unknown', 'y'])
  t.same(machine().positions.map(({ producerId }) => producerId), [7n, -1n, -1n], 'only of transactions')
  t.equal(messages.length, 1, 'skipped records are mentioned')
})

t.test('2, states: what requests get', async t => {
  t.test('LOADING', async t => {
    const log = new FakeLog()
    log.write([record('x')])
    log.holdReads = true
    const { coordinator, loading } = await started({ log })
    t.equal(await failing(coordinator.write(() => note('reply'))), code.COORDINATOR_LOAD_IN_PROGRESS)
    t.equal(thrown(() => coordinator.run(() => note(undefined))), code.COORDINATOR_LOAD_IN_PROGRESS)
    log.commit()
    log.releaseReads()
    await loading
    t.equal(await coordinator.write(() => note('reply')), 'reply')
  })
  t.test('FAILED: a log that cannot be read, a record that cannot be', async t => {
    for (const failReads of [true, false]) {
      const log = new FakeLog()
      log.failReads = failReads
      log.write([record('broken')])
      const { coordinator, loading } = await started({ log })
      await loading
      t.equal(coordinator.state, 'FAILED')
      t.equal(await failing(coordinator.write(() => note('reply'))), code.NOT_COORDINATOR)
    }
  })
  t.test('CLOSED, also while it loads', async t => {
    const log = new FakeLog()
    log.write([record('x')])
    log.holdReads = true
    const { coordinator, machine, loading, clock } = await started({ log })
    coordinator.close()
    log.releaseReads()
    await loading
    t.equal(coordinator.state, 'CLOSED')
    t.same(machine().seen, [])
    t.equal(await failing(coordinator.write(() => note('reply'))), code.NOT_COORDINATOR)
    t.equal(clock.pending, 0)
  })
})

t.test('2, write: appended as one batch and replayed in the same turn, answered by the commit', async t => {
  const { log, coordinator, machine, clock } = await started()
  log.hold = true
  const first = coordinator.write(() => note('first', 'a', 'b'))
  t.same(machine().seen, ['a', 'b'], 'before anything is awaited')
  t.same(log.sizes, [2])
  t.same(log.timestamps, [clock.nowMs()])
  const second = coordinator.write(() => note('second', 'c'))
  const read = coordinator.write(machine => new Step(0).decide([...machine.seen]))
  t.equal(await outcome(first), 'waiting')
  log.commit(1)
  t.equal(await outcome(first), 'first')
  t.equal(await outcome(second), 'waiting')
  t.equal(await outcome(read), 'waiting', 'a read waits for all that was appended before it')
  log.commit()
  t.equal(await second, 'second')
  t.same(await read, ['a', 'b', 'c'])
  t.same(await coordinator.write(machine => new Step(0).decide(machine.seen.length)), 3, 'nothing to wait for')
})

t.test('2, write: records that memory was written from are not replayed', async t => {
  const { log, coordinator, machine } = await started()
  await coordinator.write(() => ({ ...note('reply', 'a'), replay: false }))
  t.equal(log.endOffset, 1n)
  t.same(machine().seen, [])
})

t.test('2: answers for parked requests wait for nothing; transitions follow the commit', async t => {
  const { log, coordinator, machine } = await started()
  log.hold = true
  const now = new Parked<string>()
  const later = new Parked<string>()
  coordinator.run(() => ({
    ...note(undefined, 'a'),
    answers: [{ ticket: now, response: 'now' }],
    afterCommit: () => ({ ...note(undefined, 'b'), answers: [{ ticket: later, response: 'later' }] }),
  }))
  t.equal(await outcome(now.answered), 'now')
  t.equal(await outcome(later.answered), 'waiting')
  log.commit()
  t.equal(await outcome(later.answered), 'later')
  t.same(machine().seen, ['a', 'b'], 'a transition may append, too')
})

t.test('2: an append that is refused changes nothing, and is told to nobody else', async t => {
  const { log, coordinator, machine, machines } = await started()
  const loads = machines.length
  log.hold = true
  const before = coordinator.write(() => note('before', 'a'))
  log.refuseWith = code.NOT_ENOUGH_REPLICAS
  const failures: unknown[] = []
  const refused = coordinator.write(() => ({
    ...note('refused', 'b'),
    afterFailure: failure => {
      failures.push(failure)
      return note(undefined, 'c')
    },
  }))
  t.same(machine().seen, ['a'])
  t.equal(await failing(refused), code.NOT_ENOUGH_REPLICAS)
  t.same(failures, [{ errorCode: code.COORDINATOR_NOT_AVAILABLE, kept: false }])
  t.same(machine().seen, ['a', 'c'])
  log.commit()
  t.equal(await before, 'before')
  t.equal(machines.length, loads, 'not loaded again')
})

t.test('2: an append that fails once it has its offsets takes the shard back to the log', async t => {
  const { log, coordinator, machine, machines, clock } = await started()
  await coordinator.write(() => note('kept', 'kept'))
  const loads = machines.length
  log.hold = true
  const parked = new Parked<string>()
  machine().parked.push(parked)
  const told = new Parked<string>()
  const writes = [
    coordinator.write(() => ({
      ...note('x', 'a'),
      afterFailure: () => ({ ...note(undefined, 'never'), answers: [{ ticket: told, response: 'told' }] }),
    })),
    coordinator.write(() => note('y', 'b')),
    coordinator.write(() => note('read')),
  ]
  log.fail(code.KAFKA_STORAGE_ERROR)
  log.hold = false
  const failed = await Promise.all(writes.map(failing))
  t.same(failed, [code.KAFKA_STORAGE_ERROR, code.KAFKA_STORAGE_ERROR, code.KAFKA_STORAGE_ERROR])
  t.equal(await parked.answered, 'sent away')
  t.equal(await told.answered, 'told')
  await clock.advance(10)
  t.equal(coordinator.state, 'ACTIVE')
  t.equal(machines.length, loads + 1)
  t.same(machine().seen, ['kept'], 'what was replayed ahead is undone')
  t.equal(await coordinator.write(() => note('again', 'c')), 'again')
  t.equal(log.endOffset, 2n)
})

t.test('2: offsets that are not the expected ones, or a replay that fails: loaded again', async t => {
  t.test('out of step', async t => {
    const { log, coordinator, machine, clock } = await started()
    const append = log.appendAsCoordinator.bind(log)
    log.appendAsCoordinator = (records, timestampMs) => {
      log.write([record('intruder')])
      return append(records, timestampMs)
    }
    t.equal(await failing(coordinator.write(() => note('x', 'a'))), code.NOT_COORDINATOR)
    await clock.advance(10)
    t.same(machine().seen, ['intruder', 'a'])
  })
  t.test('replay', async t => {
    const { coordinator, clock } = await started()
    t.equal(await failing(coordinator.write(() => note('x', 'broken'))), code.UNKNOWN_SERVER_ERROR)
    await clock.advance(10)
    t.equal(coordinator.state, 'FAILED')
  })
})

t.test('2, offsets.commit.timeout.ms: the wait ends, the records stay', async t => {
  const { log, coordinator, machine, clock } = await started({ commitTimeoutMs: 500 })
  log.hold = true
  const failures: unknown[] = []
  const write = failing(coordinator.write(() => ({
    ...note('late', 'a'),
    afterFailure: failure => {
      failures.push(failure)
      return new Step(0).decide()
    },
  })))
  await clock.advance(300)
  const read = failing(coordinator.write(() => note('read')))
  await clock.advance(199)
  t.equal(await outcome(write), 'waiting')
  const later = coordinator.write(() => note('later', 'b'))
  await clock.advance(1)
  t.equal(await outcome(write), code.REQUEST_TIMED_OUT)
  t.same(failures, [{ errorCode: code.COORDINATOR_NOT_AVAILABLE, kept: true }])
  t.equal(await outcome(read), 'waiting')
  log.commit(1)
  t.equal(await outcome(read), 'done')
  t.equal(await outcome(later), 'waiting')
  log.commit()
  t.equal(await later, 'later')
  t.same(machine().seen, ['a', 'b'])
})

t.test('2, unload: everybody who waits is sent elsewhere', async t => {
  const { log, coordinator, machine, clock } = await started()
  log.hold = true
  const parked = new Parked<string>()
  machine().parked.push(parked)
  machine().due.push({ atMs: clock.nowMs() + 5, run: () => note(undefined, 'late') })
  const write = coordinator.write(() => note('x', 'a'))
  coordinator.close()
  coordinator.close()
  t.equal(await failing(write), code.NOT_COORDINATOR)
  t.equal(await parked.answered, 'sent away')
  t.equal(machine().unloaded, 1)
  log.commit()
  await clock.advance(1_000)
  t.same(machine().seen, ['a'], 'no deadline fires any more')
  t.equal(clock.pending, 0)
})

t.test('2: after an election, reads wait until what was loaded is committed', async t => {
  const log = new FakeLog()
  log.write([record('a')])
  const { coordinator, loading } = await started({ log })
  await loading
  const read = coordinator.write(machine => new Step(0).decide(machine.seen))
  t.equal(await outcome(read), 'waiting')
  log.commit()
  t.same(await read, ['a'])
})

t.test('deadlines are kept by the timers; each decision is carried out before the next is made', async t => {
  const { coordinator, machine, clock } = await started()
  const seen: string[][] = []
  const at = (ms: number, text: string): void => {
    machine().due.push({
      atMs: clock.nowMs() + ms,
      run: () => {
        seen.push([...machine().seen])
        return note(undefined, text)
      },
    })
  }
  await coordinator.write(() => {
    at(10, 'a')
    at(10, 'b')
    at(20, 'c')
    return note('set')
  })
  await clock.advance(9)
  t.same(machine().seen, [])
  await clock.advance(1)
  t.same(machine().seen, ['a', 'b'])
  await clock.advance(10)
  t.same(machine().seen, ['a', 'b', 'c'])
  t.same(seen, [[], ['a'], ['a', 'b']])
})

t.test('bugs in a machine fail the operation, not the broker', async t => {
  const { coordinator, machine, clock, messages } = await started()
  const bug = (): never => { throw new Error('a bug') }
  t.equal(await failing(coordinator.write(bug)), code.UNKNOWN_SERVER_ERROR)
  t.equal(thrown(() => coordinator.run(bug)), code.UNKNOWN_SERVER_ERROR)
  t.equal(await coordinator.write(() => ({ ...note('reply', 'a'), afterCommit: bug })), 'reply')
  await coordinator.write(() => {
    machine().due.push({ atMs: clock.nowMs() + 1, run: bug })
    return note('set')
  })
  await clock.advance(5)
  t.equal(messages.length, 4)
  t.equal(await coordinator.write(() => note('goes on')), 'goes on')
})

t.test('several decisions at once', async t => {
  const { log, coordinator, machine } = await started()
  coordinator.runAll(() => [note(undefined, 'a'), note(undefined, 'b', 'c')])
  await settled()
  t.same(machine().seen, ['a', 'b', 'c'])
  t.same(log.sizes, [1, 2])
})
