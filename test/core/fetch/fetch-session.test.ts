/** Who makes room for a new session, and who does not (D6.7). */
import t from 'tap'
import { FetchSessionCache } from '../../../src/core/fetch/fetch-session.ts'
import type { FetchPosition, FetchSession } from '../../../src/core/fetch/fetch-session.ts'

const START_MS = 5_000
const OLD_MS = START_MS + 120_001

function position (index: number): FetchPosition {
  return {
    topic: 'a', topicId: 'a', index, fetchOffset: 0n, currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1n, partitionBytesMax: 1,
  }
}

/** Makes a session; ids count up from 1, so that random numbers decide nothing. */
class Sessions {
  readonly cache: FetchSessionCache
  #next = 0
  constructor (slots: number) { this.cache = new FetchSessionCache(slots) }

  add (size: number, nowMs = START_MS, privileged = false): FetchSession | undefined {
    const session = this.cache.create({ usesTopicIds: false, privileged, nowMs, partitions: size },
      () => this.#next++ / (2 ** 31 - 2))
    session?.update(Array.from({ length: size }, (_, index) => position(index)), [])
    return session
  }
}

t.test('D6.7: a larger session takes the place of the smallest that is two minutes old', async t => {
  const cases: Array<[string, size: number, nowMs: number, privileged: boolean, gone?: number]> = [
    ['larger than the smallest', 3, OLD_MS, false, 1],
    ['no larger than the smallest', 2, OLD_MS, false],
    ['larger, but they are not old', 9, OLD_MS - 1, false],
    ['a follower is not asked how large it is, nor how old they are', 1, START_MS, true, 1],
  ]
  for (const [what, size, nowMs, privileged, gone] of cases) {
    const sessions = new Sessions(2)
    const known = [sessions.add(4), sessions.add(2)]
    // In use all the time: none of them is idle.
    for (const session of known) session?.accept(1, false, nowMs)
    t.equal(sessions.add(size, nowMs, privileged) !== undefined, gone !== undefined, what)
    const left = known.map(session => sessions.cache.find(session!.id) === session)
    t.same(left, [0, 1].map(index => index !== gone), what)
    t.equal(sessions.cache.size, 2)
  }
})

t.test('D6.7: consumers never push out a follower, one that is idle excepted', async t => {
  const sessions = new Sessions(1)
  const follower = sessions.add(1, START_MS, true)
  follower?.accept(1, false, OLD_MS)
  t.equal(sessions.add(9, OLD_MS), undefined)
  t.ok(sessions.add(9, OLD_MS, true), 'another follower does, once it is old')
  const next = new Sessions(1)
  next.add(1, START_MS, true)
  t.equal(next.add(1, START_MS + 120_000), undefined)
  t.ok(next.add(1, OLD_MS), 'unused for more than two minutes')
})

t.test('D6.7: without slots there are no sessions', async t => {
  t.equal(new Sessions(0).add(1), undefined)
})
