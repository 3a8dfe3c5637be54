/** SEED=n SEEDS=1 repeats one run; TAP_TIMEOUT=0 SEEDS=20000 looks further. */
import t from 'tap'
import type { QuorumMutant } from '../../../src/core/quorum/state.ts'
import { Cluster } from './simulation/cluster.ts'
import type { Outcome } from './simulation/cluster.ts'

const firstSeed = Number(process.env.SEED ?? 1)
const seeds = Number(process.env.SEEDS ?? 60)
/** Seeds within which every planted bug must be noticed. */
const MUTANT_SEEDS = 60

t.test('one log is agreed on whatever fails, and everybody has it in the end', async t => {
  const sums: Outcome = {
    events: 0, committed: 0, epochs: 0, crashes: 0, truncations: 0, downloads: 0,
  }
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    try {
      const outcome = new Cluster(seed).run()
      for (const name of Object.keys(sums) as Array<keyof Outcome>) sums[name] += outcome[name]
    } catch (error) {
      t.fail(`SEED=${seed} SEEDS=1: ${(error as Error).stack}`)
      return
    }
  }
  t.comment(JSON.stringify(sums))
  if (seeds < 60) return
  for (const [name, value] of Object.entries(sums)) t.ok(value > seeds, `${name}: ${value}`)
})

t.test('a seed repeats its run exactly', async t => {
  t.same(new Cluster(11).run(), new Cluster(11).run())
})

const mutants: Array<[QuorumMutant, invariants: string[]]> = [
  ['voteNotSaved', ['PersistBeforeReply', 'ElectionSafety']],
  ['twoVotes', ['ElectionSafety', 'LogMatching']],
  ['minorityElects', ['ElectionSafety']],
  ['staleLogElected', ['LeaderCompleteness', 'NoIllegalState']],
  ['olderEpochCounted', ['CommitOwnEpoch', 'LeaderCompleteness']],
  ['unflushedCounted', ['AckedDurable', 'LeaderCompleteness', 'Durability']],
  ['fetchBeforeFlush', ['AckedDurable', 'LeaderCompleteness', 'Durability']],
  ['divergenceIgnored', ['AckedDurable', 'LogMatching', 'Durability']],
  ['truncationIgnored', ['EventuallyLeaderElected']],
]

for (const [mutant, invariants] of mutants) {
  t.test(`the planted bug ${mutant} is noticed`, async t => {
    for (let seed = 1; seed <= MUTANT_SEEDS; seed += 1) {
      try {
        new Cluster(seed, mutant).run()
      } catch (error) {
        const { invariant, message } = error as { invariant?: string, message: string }
        t.ok(invariants.includes(invariant ?? ''), `seed ${seed}: ${message}`)
        return
      }
    }
    t.fail(`not within ${MUTANT_SEEDS} seeds`)
  })
}
