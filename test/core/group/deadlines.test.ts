import t from 'tap'
import { Deadlines } from '../../../src/core/group/deadlines.ts'

function drain (deadlines: Deadlines<string>, nowMs: number): string[] {
  const taken: string[] = []
  for (;;) {
    const run = deadlines.take(nowMs, deadlines.mark)
    if (run === undefined) return taken
    taken.push(run)
  }
}

t.test('deadlines come in the order of their times, equal ones in the order in which they were set', t => {
  const deadlines = new Deadlines<string>()
  t.equal(deadlines.next(), undefined)
  for (const [at, run] of [[5, 'a'], [3, 'b'], [5, 'c'], [4, 'd'], [3, 'e']] as const) deadlines.at(at, run)
  t.equal(deadlines.next(), 3)
  t.same(drain(deadlines, 2), [])
  t.same(drain(deadlines, 4), ['b', 'e', 'd'])
  t.equal(deadlines.next(), 5)
  t.same(drain(deadlines, 9), ['a', 'c'])
  t.equal(deadlines.next(), undefined)
  t.end()
})

t.test('moving and cancelling', t => {
  const deadlines = new Deadlines<string>()
  const [a, b, c] = [deadlines.at(1, 'a'), deadlines.at(2, 'b'), deadlines.at(3, 'c')]
  deadlines.move(a, 10)
  t.equal(deadlines.next(), 2)
  deadlines.cancel(b)
  t.equal(deadlines.next(), 3)
  deadlines.move(c, 1)
  t.equal(deadlines.next(), 1, 'to earlier')
  t.same(drain(deadlines, 5), ['c'])
  deadlines.move(c, 7)
  deadlines.move(b, 8)
  t.same(drain(deadlines, 20), ['c', 'b', 'a'], 'one that was taken or cancelled can be set again')
  deadlines.cancel(undefined)
  t.end()
})

t.test('what is set while others are taken waits for the next round', t => {
  const deadlines = new Deadlines<string>()
  deadlines.at(1, 'first')
  const { mark } = deadlines
  t.equal(deadlines.take(5, mark), 'first')
  deadlines.at(5, 'second')
  t.equal(deadlines.take(5, mark), undefined)
  t.equal(deadlines.take(5, deadlines.mark), 'second')
  t.end()
})

t.test('agrees with a sorted list, whatever happens', t => {
  let seed = 42
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed % below
  }
  const deadlines = new Deadlines<string>()
  const handles = Array.from({ length: 40 }, (_, index) => deadlines.at(random(100), `${index}`))
  const model = new Map<number, number>()
  for (const [index, handle] of handles.entries()) {
    const at = random(100)
    deadlines.move(handle, at)
    model.set(index, at)
  }
  let wrong: string | undefined
  for (let now = 0, step = 0; step < 5_000 && wrong === undefined; step++) {
    const index = random(40)
    const handle = handles[index]
    if (handle === undefined) throw new Error('no such handle')
    const dice = random(11)
    if (dice === 10) {
      const by = random(100) - 50
      deadlines.shift(by)
      now += by
      for (const [each, at] of model) model.set(each, at + by)
    } else if (dice < 6) {
      const at = now + random(200)
      deadlines.move(handle, at)
      model.set(index, at)
    } else if (dice < 8) {
      deadlines.cancel(handle)
      model.delete(index)
    } else {
      now += random(30)
      const due = [...model].filter(([, at]) => at <= now).map(([due]) => due)
      const taken = drain(deadlines, now).map(Number)
      if (due.length !== taken.length || due.some(each => !taken.includes(each))) {
        wrong = `at step ${step}: ${taken} instead of ${due}`
      }
      for (const each of due) model.delete(each)
    }
    const next = model.size === 0 ? undefined : Math.min(...model.values())
    if (deadlines.next() !== next) wrong ??= `at step ${step}: next is ${deadlines.next()}, not ${next}`
  }
  t.equal(wrong, undefined)
  t.end()
})
