import t from 'tap'
import { closingLine, TestReport } from '../../scripts/house/test-report.ts'

/** What tap writes, shortened, for the files that pass and for those that do not. */
const passing = [
  '# Subtest: dist/test/a.test.js', '    # Subtest: a case', '        ok 1 - should be equal', '        1..1',
  '    ok 1 - a case # time=1ms', '    ', '    1..1', 'ok 1 - dist/test/a.test.js # time=3ms', '',
]
const failing = [
  '# Subtest: dist/test/b.test.js', '    ok 1 - fine', '    not ok 2 - broken', '      ---', '      at: b.test.js:2',
  '      ...', '    1..2', 'not ok 2 - dist/test/b.test.js # time=3ms', '  ---', '  exitCode: 1', '  ...', '',
]

function shown (lines: string[]): { report: TestReport, shown: string[] } {
  const report = new TestReport()
  return { report, shown: lines.flatMap(line => report.line(line)) }
}

t.test('a file that passes is one line', async t => {
  t.same(shown(['TAP version 14', '1..1', ...passing]).shown, ['ok 1 - dist/test/a.test.js # time=3ms'])
})

t.test('a file that fails is shown without what passed', async t => {
  t.same(shown([...passing, ...failing, ...passing]).shown, [
    'ok 1 - dist/test/a.test.js # time=3ms',
    '', '# Subtest: dist/test/b.test.js', '    not ok 2 - broken', '      ---', '      at: b.test.js:2', '      ...',
    '    1..2', 'not ok 2 - dist/test/b.test.js # time=3ms', '  ---', '  exitCode: 1', '  ...',
    'ok 1 - dist/test/a.test.js # time=3ms',
  ])
})

t.test('the counts are tap\'s, and a bad end is never a pass', async t => {
  const table: Array<[string, number, string]> = [
    ['# { total: 7, pass: 7 }', 0, '7 passed, 0 failed'],
    ['# { total: 8, pass: 1, fail: 4, todo: 1, skip: 2 }', 1, '1 passed, 4 failed, 3 skipped'],
    ['# { total: 9, pass: 7, skip: 2 }', 0, '7 passed, 0 failed, 2 skipped'],
    ['# { total: 7, pass: 7 }', 1, '7 passed, 1 failed'],
    ['# { total: 7, pass: 7 }', 137, '7 passed, 1 failed'],
    ['# { total: 2, skip: 2 }', 0, '0 passed, 1 failed, 2 skipped'],
    ['# nothing was counted', 0, '0 passed, 1 failed'],
  ]
  for (const [counts, exitCode, line] of table) {
    t.equal(closingLine(shown([...passing, counts]).report.tally(exitCode)), line, `${counts} exit ${exitCode}`)
  }
})
