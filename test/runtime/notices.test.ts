import t from 'tap'
import { LINES_MAX, Notices, PERIOD_MS } from '../../src/runtime/notices.ts'

function started () {
  const lines: string[] = []
  const clock = { nowMs: 5_000_000 }
  const notices = new Notices({
    monotonicMs: () => clock.nowMs,
    log: (level, message, fields) => { lines.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`) },
  })
  return { lines, clock, notices }
}

t.test('the same line once in a period, of each client that is named', async t => {
  const { lines, clock, notices } = started()
  for (let i = 0; i < 3; i++) {
    notices.warn('no transactions')
    notices.warn('closed', '10.0.0.1')
    notices.warn('closed', '10.0.0.2')
  }
  t.same(lines, ['warn no transactions', 'warn closed {"client":"10.0.0.1"}', 'warn closed {"client":"10.0.0.2"}'])
  clock.nowMs += PERIOD_MS - 1
  notices.warn('no transactions')
  t.equal(lines.length, 3)
  clock.nowMs += 1
  notices.warn('no transactions')
  t.equal(lines.length, 4, 'said again: who reads the log later learns of it too')
})

t.test('at ten times the bound of lines, and of a line\'s length', async t => {
  const { lines, clock, notices } = started()
  for (let i = 0; i < 10 * LINES_MAX; i++) notices.warn(`${i}`.padEnd(5000, 'x'))
  t.equal(lines.length, LINES_MAX + 1)
  t.match(lines.at(-1), /left out for up to 10 minutes/)
  t.ok(lines.every(({ length }) => length < 600))
  clock.nowMs += PERIOD_MS
  notices.warn('again')
  t.equal(lines.at(-1), 'warn again')
})
