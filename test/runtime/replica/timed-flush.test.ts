/**
 * flush.ms: how often the store is told to flush, and that it goes on for as long as somebody asks
 * for it.
 */
import t from 'tap'
import { TimedFlush } from '../../../src/runtime/replica/timed-flush.ts'

t.test('it looks again after a time in which nothing came, and after a flush that failed', async t => {
  const timers: Array<{ delayMs: number, run: () => void }> = []
  let bytesAppended = 0
  let syncs = 0
  const flush = new TimedFlush({
    stats: () => ({ bytesAppended }) as never,
    sync: async () => { if (++syncs === 2) throw new Error('a disk that fails') },
  }, {
    setTimer: (delayMs, run) => {
      const timer = { delayMs, run }
      timers.push(timer)
      return { cancel: () => { timers.splice(timers.indexOf(timer), 1) } }
    },
  })
  const pass = async (): Promise<void> => {
    timers.shift()?.run()
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => { setImmediate(resolve) })
  }
  flush.require(10)
  const seen: number[] = []
  for (const bytes of [5, 5, 5, 9, 9, 12]) {
    bytesAppended = bytes
    await pass()
    seen.push(syncs)
    t.same(timers.map(({ delayMs }) => delayMs), [10])
  }
  t.same(seen, [1, 1, 1, 2, 2, 3])
  flush.require(50, 'at least')
  t.same(timers.map(({ delayMs }) => delayMs), [10], 'a topic that asks for less changes nothing')
  flush.require(3, 'at least')
  t.same(timers.map(({ delayMs }) => delayMs), [3])
  flush.require(Infinity)
  t.same(timers, [], 'nobody asks any more')
})
