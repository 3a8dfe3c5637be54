/** What a ledger says of a log that power losses took back. */
import t from 'tap'
import { LogLedger } from './ledger.ts'

/** A log in default mode, its ends as the lives from the second on found them. */
function logOf (...losses: Array<[end: number, lostPower: boolean]>): LogLedger {
  const ledger = new LogLedger('k', false)
  for (const [index, [end, lostPower]] of losses.entries()) {
    ledger.recovered(index + 2, { start: 0, end, records: new Map() }, lostPower)
  }
  return ledger
}

type Case = [name: string, ledger: LogLedger, known: number, end: number]

const cases: Case[] = [
  ['no loss', logOf(), 0, Infinity],
  ['a kill takes nothing back', logOf([5, false]), 0, Infinity],
  ['one loss', logOf([5, true]), 0, 5],
  ['a log that grew past its first loss before the second', logOf([5, true], [9, true]), 0, 5],
  ['a second loss below the first', logOf([5, true], [3, true]), 0, 3],
  ['a kill between two losses', logOf([5, true], [7, false], [9, true]), 0, 5],
  ['a reader that knows the first loss', logOf([5, true], [9, true]), 1, 9],
  ['a reader that knows every loss', logOf([5, true], [9, true]), 2, Infinity],
]

t.test('a reader has what lasted through every loss that it does not know', async t => {
  for (const [name, ledger, known, end] of cases) t.equal(ledger.keptEnd(known), end, name)
})

t.test('only what lies below every later loss survives', async t => {
  const ledger = logOf([5, true], [9, true])
  const survivors = [1, 2, 3].map(life =>
    [4, 5, 8, 9].filter(offset => ledger.survives(offset, life)))
  t.same(survivors, [[4], [4, 5, 8], [4, 5, 8, 9]])
})
