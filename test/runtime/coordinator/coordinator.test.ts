import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { Step } from '../../../src/core/decision.ts'
import { Parked } from '../../../src/runtime/coordinator/parked.ts'
import { FakeLog, outcome, settled } from './fake-log.ts'
import { failing, note, record, started, thrown } from './notebook.ts'

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
  t.test('neither refused nor appended', async t => {
    const { log, coordinator, machines, clock } = await started()
    const loads = machines.length
    log.appendAsCoordinator = async () => ({ baseOffset: 0n, lastOffset: 0n })
    t.equal(await failing(coordinator.write(() => note('x', 'a'))), code.NOT_COORDINATOR)
    await clock.advance(10)
    t.equal(machines.length, loads + 1)
    t.equal(coordinator.state, 'ACTIVE')
  })
  t.test('refused, but the shard is closed before the reason is known', async t => {
    const { log, coordinator } = await started()
    log.refuseWith = code.NOT_ENOUGH_REPLICAS
    const write = failing(coordinator.write(() => note('x', 'a')))
    coordinator.close()
    t.equal(await write, code.NOT_COORDINATOR)
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

t.test('2, batch: what may be divided is appended as the topic\'s limit asks, else as one or not at all', async t => {
  const texts = Array.from({ length: 40 }, (_, index) => `text${index}`)
  const { log, coordinator, machine, messages } = await started()
  log.batchBytesMax = 200
  t.equal(await failing(coordinator.write(() => note('whole', ...texts))), code.MESSAGE_TOO_LARGE)
  t.match(messages, [/topic-0: nothing was written: error 10/])
  t.same(machine().seen, [])
  const divisible = (...given: string[]) =>
    () => ({ ...note(undefined, ...given), isDivisible: true })
  coordinator.run(divisible(...texts))
  t.same(machine().seen, texts)
  t.ok(log.sizes.length >= 10)
  t.same(log.batches.filter(batch => batch.length > 200), [])
  log.batchBytesMax = 1_000_000
  coordinator.run(divisible('a', 'b', 'c'))
  t.equal(log.sizes.at(-1), 3, 'as many as there is room for')
  log.batchBytesMax = 150
  coordinator.run(divisible('d', 'x'.repeat(100), 'e'))
  t.same(machine().seen.slice(43), ['d'], 'the first that does not fit by itself is the last')
  await settled()
  t.equal(coordinator.state, 'ACTIVE')
})
