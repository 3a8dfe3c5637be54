/** The orders are those of a HashMap of Java 17. */
import t from 'tap'
import { hashOrder } from '../../src/core/hash-order.ts'

function namesOf (names: string[], expected?: number): string[] {
  return hashOrder(new Map(names.map(name => [name, null])), expected).map(([name]) => name)
}

t.test('names by their slots, and those of one slot as they came', async t => {
  t.same(namesOf(['user', 'client-id'], 2), ['client-id', 'user'])
  t.same(namesOf(['client-id', 'user'], 2), ['client-id', 'user'])
  t.same(namesOf(['b', 'a', 'q'], 16), ['a', 'q', 'b'], 'a and q share a slot of 16')
  t.same(namesOf(['q', 'a', 'b']), ['q', 'a', 'b'])
  t.same(namesOf(['q', 'b', 'a'], 20), ['a', 'b', 'q'], 'not of 32')
  t.same(namesOf([]), [])
})

t.test('a map that is three quarters full doubles', async t => {
  t.same(namesOf(['d', 'a'], 2), ['d', 'a'], 'of 4')
  t.same(namesOf(['d', 'a', 'b'], 3), ['d', 'a', 'b'], 'of 4, three quarters full')
  t.same(namesOf(['d', 'a', 'b', 'c'], 4), ['a', 'b', 'c', 'd'], 'of 8')
})
