import t from 'tap'
import { grouped, withRefusals } from '../../src/apis/rows.ts'

t.test('what belongs together, in the order in which it first comes', async t => {
  t.same([...grouped(['b1', 'a1', 'b2'], text => text[0])], [['b', ['b1', 'b2']], ['a', ['a1']]])
  t.same([...grouped([], text => text)], [])
})

t.test('D0.12: rows about offsets are gathered as soon as one was refused', async t => {
  const row = (name: string, ...partitions: number[]) => ({ name, partitions })
  t.same(withRefusals([], [row('b', 0), row('a', 0), row('b', 1)]), [row('b', 0), row('a', 0), row('b', 1)])
  t.same(withRefusals([row('none', 0), row('a', 9)], [row('b', 0), row('a', 0), row('b', 1)]),
    [row('none', 0), row('a', 9, 0), row('b', 0, 1)])
  t.same(withRefusals([row('none', 0), row('none', 1)], []), [row('none', 0, 1)])
  t.same(withRefusals([{ ...row('', 0), topicId: 'x' }, { ...row('', 0), topicId: 'y' }], []).length, 2, 'by id')
})
