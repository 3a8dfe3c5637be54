/** The checker on histories small enough to judge by eye. */
import t from 'tap'
import { check } from './checker.ts'
import type { CheckerOptions } from './checker.ts'
import type { Operation } from './history.ts'

const KEY = 'k'

type Value = [offset: number | undefined, value: string]

function operation (
  does: Operation['does'], process: string, outcome: Operation['outcome'], ...values: Value[]
): Operation {
  return {
    process,
    does,
    outcome,
    key: KEY,
    values: values.map(([offset, value]) => ({ offset, value })),
    atMs: 0,
    life: 1,
    isIdempotent: true,
  }
}

const send = (process: string, ...values: Value[]) => operation('send', process, 'ok', ...values)
const poll = (process: string, ...values: Value[]) => operation('poll', process, 'ok', ...values)
const failed = (value: string) => operation('send', 'p', 'fail', [undefined, value])
const unknown = (value: string) => operation('send', 'p', 'info', [undefined, value])
const assign = (process: string) => operation('assign', process, 'ok')

const everything: CheckerOptions = {
  survives: () => true, isDropped: () => false, isComplete: true,
}

type Case = [
  name: string, history: Operation[], rules: string[], options?: Partial<CheckerOptions>
]

const cases: Case[] = [
  ['an empty history', [], []],
  ['all is read in order', [send('p', [0, 'a'], [1, 'b']), poll('c', [0, 'a'], [1, 'b'])], []],
  ['an unknown write may be there', [unknown('a'), poll('c', [0, 'a'])], []],
  ['an unknown write may be missing', [unknown('a'), send('q', [0, 'b']), poll('c', [0, 'b'])], []],
  ['two values at one offset', [send('p', [0, 'a']), poll('c', [0, 'b'])],
    ['inconsistent-offsets', 'unseen']],
  ['one value at two offsets', [poll('c', [0, 'a']), poll('d', [1, 'a'])], ['duplicate']],
  ['a failed write is read', [failed('a'), poll('c', [0, 'a'])], ['G1a']],
  ['a write below what was read is missing',
    [send('p', [0, 'a']), send('q', [1, 'b']), poll('c', [1, 'b'])], ['lost-write', 'unseen']],
  ['a write at the end is not read yet', [send('p', [0, 'a'])], [], { isComplete: false }],
  ['a write at the end is never read', [send('p', [0, 'a'])], ['unseen']],
  ['what retention drops need not be read', [send('p', [0, 'a'])], [], { isDropped: () => true }],
  ['what a power loss took back never was', [send('p', [0, 'a'])], [], { survives: () => false }],
  ['a reader goes back', [poll('c', [0, 'a'], [1, 'b']), poll('c', [0, 'a'])], ['nonmonotonic-poll']],
  ['a reader goes back inside of a poll', [poll('c', [1, 'b'], [0, 'a'])], ['nonmonotonic-poll']],
  ['a reader that is assigned anew may go back',
    [poll('c', [0, 'a'], [1, 'b']), assign('c'), poll('c', [0, 'a'])], []],
  ['a reader skips', [poll('c', [0, 'a'], [2, 'c']), poll('d', [0, 'a'], [1, 'b'], [2, 'c'])],
    ['poll-skip']],
  ['a reader is overtaken by retention',
    [poll('c', [0, 'a'], [2, 'c']), poll('d', [0, 'a'], [1, 'b'], [2, 'c'])], [],
    { isDropped: (_key, offset) => offset < 2 }],
  ['a producer is reordered',
    [send('p', [1, 'a']), send('p', [0, 'b']), poll('c', [0, 'b'], [1, 'a'])], ['nonmonotonic-send']],
]

t.test('each rule', async t => {
  for (const [name, history, rules, options] of cases) {
    const findings = check(history, { ...everything, ...options })
    t.same(findings.map(({ rule }) => rule), rules, name)
  }
})
