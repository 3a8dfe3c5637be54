/** What a reader of a compacted topic may see, and what it may not. */
import t from 'tap'
import type { ReadingRules } from './key-history.ts'
import { KeyHistory } from './key-history.ts'
import type { Operation } from './history.ts'

const LOG = 'log'
let lostFrom = Infinity

function history (...sends: ReadonlyArray<[name: string, outcome: Operation['outcome'], offset?: number]>): KeyHistory {
  const keys = new KeyHistory({ survives: (_log, offset) => offset < lostFrom })
  for (const [atMs, [value, outcome, offset]] of sends.entries()) {
    keys.add({
      process: 'p', does: 'send', outcome, key: LOG, values: [{ offset, value }], atMs, life: 1, isIdempotent: true,
    })
  }
  return keys
}

const [first, second, gone, third] = ['p.0/k', 'p.1/k', 'p.2/k-', 'p.3/k'] as const

const since = (tombstonesSinceMs: number): ReadingRules =>
  ({ tombstonesSinceMs, mayBeOutdated: () => false })

t.test('the last acknowledged value of a key, or a later one', async t => {
  type Row = [what: string, keys: KeyHistory, seen: string | undefined, problem: RegExp | undefined]
  const table: readonly Row[] = [
    ['the last', history([first, 'ok', 0], [second, 'ok', 1]), second, undefined],
    ['one before', history([first, 'ok', 0], [second, 'ok', 1]), first, /was p\.1/],
    ['none', history([first, 'ok', 0]), undefined, /is gone/],
    ['none, and none was acknowledged', history([first, 'info']), undefined, undefined],
    ['one of which nobody knows', history([first, 'ok', 0], [second, 'info']), second, undefined],
    ['the one before it', history([first, 'ok', 0], [second, 'info']), first, undefined],
    ['one that was refused', history([first, 'ok', 0], [second, 'fail']), second, /was refused/],
    ['one that nobody wrote', history([first, 'ok', 0]), third, /nobody wrote/],
    ['a tombstone', history([first, 'ok', 0], [gone, 'ok', 1]), gone, undefined],
    ['the value before it', history([first, 'ok', 0], [gone, 'ok', 1]), first, /was p\.2/],
    ['a tombstone whose time is over', history([gone, 'ok', 0]), undefined, undefined],
    ['one of which nobody knows, and which is over', history([first, 'ok', 0], [gone, 'info']), undefined, undefined],
  ]
  for (const [what, keys, seen, problem] of table) {
    const found = keys.problem(LOG, keys.acknowledged(LOG), new Map(seen === undefined ? [] : [['p/k', seen]]), since(10))
    if (problem === undefined) t.equal(found, undefined, what)
    else t.match(found, problem, what)
  }
})

t.test('a slow reader may come too late for a tombstone whose time is over, but only once', async t => {
  const keys = history([first, 'ok', 0], [gone, 'ok', 1])
  const read = (rules: ReadingRules): string | undefined =>
    keys.problem(LOG, keys.acknowledged(LOG), new Map([['p/k', first]]), rules)
  t.equal(read({ tombstonesSinceMs: 1, mayBeOutdated: () => true }), undefined)
  t.match(read({ tombstonesSinceMs: 1, mayBeOutdated: () => false }), /was p\.2/, 'the next reading sees it still')
  t.match(read({ tombstonesSinceMs: 0, mayBeOutdated: () => true }), /was p\.2/, 'its time is not over')
})

t.test('a tombstone must be there until its time is over', async t => {
  const keys = history([first, 'ok', 0], [gone, 'ok', 1])
  t.match(keys.problem(LOG, keys.acknowledged(LOG), new Map(), since(0)), /before its time/)
  t.equal(keys.problem(LOG, keys.acknowledged(LOG), new Map(), since(1)), undefined)
})

t.test('what a power loss took back was never acknowledged', async t => {
  const keys = history([first, 'ok', 0], [second, 'ok', 1])
  lostFrom = 1
  t.equal(keys.problem(LOG, keys.acknowledged(LOG), new Map([['p/k', first]]), since(0)), undefined)
  lostFrom = Infinity
  t.match(keys.problem(LOG, keys.acknowledged(LOG), new Map([['p/k', first]]), since(0)), /was p\.1/)
})
