import t from 'tap'
import { belowFloor, coverageOf, hasCode } from '../../scripts/house/coverage-floor.ts'
import coveredBy from '../../scripts/house/coverage-map.ts'

t.test('a test covers the room that it mirrors, and a test of many rooms none', async t => {
  const table: Array<[string, string | null]> = [
    ['dist/test/protocol/records/check.test.js', 'dist/protocol/**/*.js'],
    ['dist/test/core/group/classic/join.test.js', 'dist/src/core/**/*.js'],
    ['dist/test/store/log.test.js', 'dist/src/store/**/*.js'],
    ['dist/test/apis/12-heartbeat.test.js', 'dist/src/apis/**/*.js'],
    ['dist/test/simulation/simulation.test.js', null],
    ['dist/test/clients/kafkajs-admin.test.js', null],
    ['dist/test/tidy.test.js', null],
  ]
  for (const [test, sources] of table) t.equal(coveredBy(test), sources, test)
})

t.test('the floor is of each room\'s lines together, those that no test loads as well', async t => {
  const lines = (total: number, covered: number): { lines: { total: number, covered: number } } =>
    ({ lines: { total, covered } })
  const summary = {
    total: lines(1000, 10),
    '/x/protocol/a.ts': lines(100, 100),
    '/x/protocol/b.ts': lines(100, 82),
    '/x/src/core/a.ts': lines(9, 9),
    '/x/src/apis/a.ts': lines(1000, 899),
    '/x/src/server/a.ts': lines(10, 0),
  }
  const sources = new Map([
    ['protocol/a.ts', 100], ['protocol/b.ts', 100], ['src/core/a.ts', 9], ['src/core/never-loaded.ts', 1],
    ['src/apis/a.ts', 1000], ['src/server/a.ts', 10],
  ])
  const rooms = coverageOf(summary, '/x/', sources)
  t.same(rooms, [
    { room: 'protocol', percent: 91 }, { room: 'src/core', percent: 90 }, { room: 'src/apis', percent: 89.9 },
    { room: 'src/store', percent: 0 },
  ])
  t.same(belowFloor(rooms).map(({ room }) => room), ['src/apis', 'src/store'])
})

t.test('a file of types has no code', async t => {
  t.notOk(hasCode('/** What a handler is. */\nexport {};\n//# sourceMappingURL=a.js.map'))
  t.ok(hasCode('/** One. */\nexport const a = 1;\n//# sourceMappingURL=a.js.map'))
})
