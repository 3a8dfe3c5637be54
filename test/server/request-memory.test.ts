/** What all connections together may hold (R-X7). */
import t from 'tap'
import { RequestMemory } from '../../src/server/request-memory.ts'

function holder () {
  const calls: string[] = []
  return {
    calls,
    hold () { calls.push('hold') },
    resume () { calls.push('resume') },
    destroy () { calls.push('destroy') },
  }
}

t.test('who asks for more than there is waits until something is answered', async t => {
  const memory = new RequestMemory(100)
  const [busy, other] = [holder(), holder()]
  memory.change(busy, 80, 80)
  t.same(busy.calls, [])
  memory.change(other, 30, 0)
  t.same(other.calls, ['hold'])
  memory.change(busy, -80, -80)
  t.same(other.calls, ['hold', 'resume'])
  t.equal(memory.bytes, 30)
})

t.test('halves of requests that fill everything lose one of theirs', async t => {
  const memory = new RequestMemory(100)
  const [first, second] = [holder(), holder()]
  memory.change(first, 60, 0)
  memory.change(second, 60, 0)
  t.same(second.calls, ['hold', 'destroy'])
  t.same(first.calls, [])
})

t.test('the last answer that is not enough frees a place too', async t => {
  const memory = new RequestMemory(100)
  const [half, busy] = [holder(), holder()]
  memory.change(busy, 10, 10)
  memory.change(half, 120, 0)
  t.same(half.calls, ['hold'])
  memory.change(busy, -10, -10)
  t.same(half.calls, ['hold', 'destroy'])
})

t.test('a connection that has gone is not resumed', async t => {
  const memory = new RequestMemory(100)
  const [busy, gone] = [holder(), holder()]
  memory.change(busy, 90, 90)
  memory.change(gone, 20, 0)
  memory.forget(gone)
  memory.change(gone, -20, 0)
  t.same(gone.calls, ['hold'])
})
