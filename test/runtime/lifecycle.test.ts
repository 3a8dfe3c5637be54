/**
 * A broker leaves in order: it asks to be let go, and waits a little until the others have caught
 * up (2.5.6).
 */
import t from 'tap'
import { Lifecycle } from '../../src/runtime/lifecycle.ts'

t.test('a stop is asked for until it is granted, three times at most, and not after an error', async t => {
  const cases: Array<[what: string, answers: object[], asked: number]> = [
    ['at once', [{ shouldShutDown: true }], 1],
    ['when the others have caught up', [{ shouldShutDown: false }, { shouldShutDown: true }], 2],
    ['never', [{}, {}, {}, {}], 3],
    ['refused', [{ errorCode: 77 }, { shouldShutDown: true }], 1],
  ]
  for (const [what, answers, asked] of cases) {
    const wants: boolean[] = []
    const lines: string[] = []
    let cancelled = 0
    const lifecycle = new Lifecycle({
      controller: {
        submit: async () => ({ reply: { errorCode: 0, brokerEpoch: 5n } }),
        heartbeat: async ({ wantShutDown }: { wantShutDown: boolean }) => {
          wants.push(wantShutDown)
          return wantShutDown ? answers.shift() : { isFenced: false }
        },
      },
      image: { lastAppliedOffset: 1n }, registration: { brokerId: 1, logDirs: [] },
      heartbeatMs: 100,
      isCordoned: () => false,
      environment: {
        setTimer: () => ({ cancel: () => { cancelled++ } }),
        log: (_level: string, line: string) => { lines.push(line) },
      },
    } as never)
    await lifecycle.start()
    t.same([wants, cancelled], [[false], 0])
    await lifecycle.stop()
    t.same(wants, [false, ...Array.from({ length: asked }, () => true)], what)
    t.equal(cancelled, 1, 'and no heartbeat comes behind it')
    t.equal(lines.length, what === 'refused' ? 1 : 0)
  }
})
