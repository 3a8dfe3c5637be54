import t from 'tap'
import { processEnvironment } from '../../src/process-environment.ts'
import { Timers } from '../../src/runtime/timers.ts'
import { FakeClock } from './coordinator/fake-log.ts'

t.test('timers: one real timer for all', async t => {
  const clock = new FakeClock()
  const timers = new Timers(clock)
  const fired: string[] = []
  const source = (name: string, atMs: number | undefined) => {
    const each = {
      atMs,
      deadline: () => each.atMs,
      expire: (nowMs: number) => {
        fired.push(`${name}@${nowMs - 1_000_000}`)
        each.atMs = undefined
      },
      clockSet: (byMs: number) => { if (each.atMs !== undefined) each.atMs += byMs },
    }
    return each
  }
  const [a, b, idle] = [source('a', 1_000_050), source('b', 1_000_020), source('idle', undefined)]
  const registrations = [a, b, idle].map(each => timers.add(each))
  t.equal(clock.pending, 1)
  await clock.advance(20)
  t.same(fired, ['b@20'])
  b.atMs = 1_000_030
  registrations[1]?.changed()
  t.equal(clock.pending, 1)
  await clock.advance(10)
  t.same(fired, ['b@20', 'b@30'])
  a.atMs = 1_000_070
  await clock.advance(30)
  t.same(fired, ['b@20', 'b@30'], 'one that is later now')
  registrations[2]?.remove()
  idle.atMs = 1_000_061
  registrations[2]?.changed()
  await clock.advance(10)
  t.same(fired, ['b@20', 'b@30', 'a@70'])
  a.atMs = 1_000_000 + 2 ** 32
  registrations[0]?.changed()
  await clock.advance(2 ** 32 - 71)
  t.equal(fired.length, 3)
  await clock.advance(1)
  t.equal(fired.length, 4, 'longer than a timer can wait')
  for (const registration of registrations) registration.remove()
  t.equal(clock.pending, 0)
  const always = {
    count: 0, deadline: () => 0, expire: () => { always.count += 1 }, clockSet: () => {},
  }
  timers.add(always)
  await clock.advance(5)
  t.equal(always.count, 5, 'one that is always due does not stop the clock')
})

t.test('timers: a clock that is set makes nothing due, and keeps nothing from being due', async t => {
  for (const setMs of [3_600_000, -3_600_000]) {
    const clock = new FakeClock()
    const timers = new Timers(clock)
    let atMs = clock.nowMs() + 1000
    let firedAtMs = 0
    timers.add({
      deadline: () => firedAtMs === 0 ? atMs : undefined,
      expire: () => { firedAtMs = clock.monotonicMs() },
      clockSet: byMs => { atMs += byMs },
    })
    await clock.advance(400)
    clock.aheadMs = setMs
    if (setMs < 0) timers.nowMs()
    await clock.advance(599)
    t.equal(firedAtMs, 0, `${setMs}: not yet`)
    await clock.advance(1)
    t.equal(firedAtMs, 1_001_000, `${setMs}: in its time`)
  }
})

t.test('timers: a clock that is set while something is armed, or done, moves the rest as well', async t => {
  const clock = new FakeClock()
  const timers = new Timers(clock)
  const fired: string[] = []
  const add = (name: string, atMs: number, whenDue = (): void => {}) => {
    const source = { atMs: atMs as number | undefined }
    const registration = timers.add({
      deadline: () => source.atMs,
      expire: () => {
        fired.push(`${name}@${clock.monotonicMs() - 1_000_000}`)
        source.atMs = undefined
        whenDue()
      },
      clockSet: byMs => { if (source.atMs !== undefined) source.atMs += byMs },
    })
    return { source, registration }
  }
  const early = add('early', 1_001_000)
  early.source.atMs = 1_000_500
  clock.aheadMs = -3_600_000
  early.registration.changed()
  await clock.advance(500)
  t.same(fired.splice(0), ['early@500'], 'set before it was armed')
  const base = clock.nowMs()
  add('first', base + 100, () => {
    clock.aheadMs -= 3_600_000
    timers.nowMs()
  })
  add('second', base + 700)
  await clock.advance(699)
  t.same(fired, ['first@600'], 'set while another was done')
  await clock.advance(1)
  t.same(fired, ['first@600', 'second@1200'])
})

t.test('the process waits for whole milliseconds, so that nobody wakes up too early', t => {
  const waits: Array<number | undefined> = []
  const intercepted = t.capture(globalThis, 'setTimeout', ((_run: () => void, ms?: number) => { waits.push(ms) }) as typeof setTimeout)
  const environment = processEnvironment(() => {})
  for (const delayMs of [0, 99.5, 100, 2 ** 32]) environment.setTimer(delayMs, () => {})
  intercepted.restore()
  t.same(waits, [0, 100, 100, 2 ** 31 - 1])
  t.end()
})
