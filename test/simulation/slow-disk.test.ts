/** A lone broker's controller never takes it for dead, however slow its disk is (2.5.4). */
import t from 'tap'
import { simulate } from './simulation.ts'
import { drawSwarm, NEVER } from './swarm.ts'
import type { Swarm } from './swarm.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

/** Most writes to the metadata log outlive broker.session.timeout.ms, 9 s. */
const SYNC_MS = 20_000

/** Producers, and admins who write to the metadata log. */
function run (seed: number, { atMs, forMs, syncMs }: Swarm['crawls'][number], faults = NEVER) {
  const swarm = drawSwarm(seed)
  return simulate(seed, {
    ...swarm,
    faults,
    crawls: [{ atMs, forMs, syncMs }],
    safetyMs: atMs + forMs,
    topics: swarm.topics.slice(0, 1).map(
      topic => ({ ...topic, flushes: false, retentionBytes: -1 })
    ),
    producers: swarm.producers.map(producer => ({ ...producer, everyMs: 200 })),
    consumers: swarm.consumers.slice(0, 1).map(consumer => ({ ...consumer, maxWaitMs: 500 })),
    groups: [],
    compaction: undefined,
    admins: 2,
  })
}

t.test('a broker leads on while its disk takes up to 20 s a sync', async t => {
  const cases = [
    // From its first start on, and in the middle of its work.
    ...[2, 3].map(seed => [seed, { atMs: 0, forMs: 150_000, syncMs: SYNC_MS / 2 }] as const),
    ...[4, 5].map(seed => [seed, { atMs: 2_000, forMs: 30_000, syncMs: SYNC_MS }] as const),
  ]
  for (const [seed, crawl] of cases) {
    const { violation, marks, operations } = await run(seed, crawl)
    const name = `seed ${seed} from ${crawl.atMs} ms on`
    t.equal(violation, undefined, name)
    t.equal(marks.get('Produce: NOT_LEADER_OR_FOLLOWER'), undefined, name)
    t.equal(marks.get('death by a failed disk'), undefined, name)
    t.ok(operations > 10, name)
  }
})

t.test('a broker leads on when its clock is set', async t => {
  const crawl = { atMs: 0, forMs: 40_000, syncMs: 1 }
  const { violation, marks, operations } = await run(7, crawl, { ...NEVER, clockJumpMs: 500 })
  t.equal(violation, undefined)
  t.equal(marks.get('Produce: NOT_LEADER_OR_FOLLOWER'), undefined)
  t.ok(operations > 100)
})
