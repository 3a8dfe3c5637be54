/** Memory that is used again, and given back: by count, by size, and to the system. */
import t from 'tap'
import { Slabs, SLAB_BYTES, TRIM_MS } from '../../src/memory/slabs.ts'

function standing () {
  let due: Array<() => void> = []
  const slabs = new Slabs([1000, 65536, SLAB_BYTES], {
    setTimer: (delayMs, run) => {
      t.equal(delayMs, TRIM_MS)
      due.push(run)
      return { cancel: () => { due = due.filter(each => each !== run) } }
    },
  })
  const look = (): void => { for (const run of due.splice(0)) run() }
  return { slabs, look, waits: () => due.length > 0 }
}

t.test('what is given back is used again first', async t => {
  const { slabs } = standing()
  const one = slabs.take(1)
  const other = slabs.take(1000)
  t.equal(one.length, 1000)
  t.not(one.byteOffset, other.byteOffset)
  t.equal(slabs.heldBytes, 2000)
  slabs.give(one)
  t.equal(slabs.take(999), one)
  t.equal(slabs.count, 1)
  slabs.give(one)
  slabs.give(other)
  t.equal(slabs.heldBytes, 0)
  t.throws(() => { slabs.give(other) }, /twice/)
})

t.test('a slab that nobody uses goes back at once, and its views are empty', async t => {
  const { slabs, look, waits } = standing()
  const kept = slabs.take(1000)
  const gone = slabs.take(65536)
  slabs.give(gone)
  look()
  t.equal(slabs.count, 2, 'it was in use until just now')
  look()
  t.equal(slabs.count, 1)
  t.equal(gone.length, 0, 'no reader of it would find the bytes of somebody else')
  t.equal(kept.length, 1000)
  t.equal(slabs.take(65536).length, 65536)
  t.notOk(waits(), 'all that is there is in use')
})

t.test('a store at rest looks for nothing', async t => {
  const { slabs, look, waits } = standing()
  t.notOk(waits())
  slabs.give(slabs.take(10))
  look()
  look()
  t.equal(slabs.count, 0)
  t.notOk(waits())
  slabs.give(slabs.take(10))
  t.ok(waits())
  slabs.stop()
  t.notOk(waits())
})

t.test('what somebody may still refer to stays as it is', async t => {
  const { slabs, look } = standing()
  const buffer = slabs.take(1000)
  buffer.fill('x')
  slabs.forget(buffer)
  t.equal(slabs.heldBytes, 0)
  t.not(slabs.take(1000), buffer)
  look()
  look()
  t.equal(buffer.toString(), 'x'.repeat(1000))
})

t.test('what is larger than all sizes is memory of its own', async t => {
  const { slabs } = standing()
  const large = slabs.take(SLAB_BYTES + 1)
  t.equal(large.length, SLAB_BYTES + 1)
  t.equal(slabs.count, 0)
  slabs.give(large)
  t.equal(large.length, 0, 'and goes at once')
  t.equal(slabs.heldBytes, 0)
})

t.test('a slab that is full is followed by another', async t => {
  const { slabs, look } = standing()
  const one = slabs.take(SLAB_BYTES)
  const other = slabs.take(SLAB_BYTES)
  t.equal(slabs.count, 2)
  slabs.give(one)
  look()
  look()
  t.equal(slabs.count, 1)
  t.equal(other.length, SLAB_BYTES)
})
