/** The whole broker under seeds: nothing promised is broken, and a seed is a run. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { programWords } from '../../scripts/repository.ts'
import { choose } from '../../scripts/simulation/choose.ts'
import { chosenSeeds } from './chosen.ts'
import { rareStates, reachedBy } from './coverage.ts'
import { mutants, plant } from './mutants.ts'
import { simulate } from './simulation.ts'

const run = promisify(execFile)

/** Besides the chosen ones time decides how many seeds are run, and nothing else. */
const SEEDS_MAX = 200
const BUDGET_MS = 18_000
const TIMEOUT_MS = 240_000
/**
 * Of how many times 500 seeds reach a state: below, a change of anything takes it from the chosen
 * ones.
 */
const OFTEN = 2

t.setTimeout(TIMEOUT_MS)

t.test('no seed breaks an invariant', { timeout: TIMEOUT_MS }, async t => {
  const startedMs = performance.now()
  const reached = new Set<string>()
  const run = async (seed: number): Promise<void> => {
    const { violation, marks } = await simulate(seed)
    for (const name of marks.keys()) reached.add(name)
    if (violation !== undefined) t.fail(`npm run simulate -- --seed ${seed}`, violation)
  }
  for (const seed of chosenSeeds) await run(seed)
  const missed = rareStates.filter(({ name, least }) => least >= OFTEN && !reached.has(name)).map(
    ({ name }) => name
  )
  t.same(missed, [], 'npm run simulate -- --choose 200, for test/simulation/chosen.ts')
  let seeds = 0
  for (let seed = 1; seed <= SEEDS_MAX && performance.now() - startedMs < BUDGET_MS; seed++) {
    if (chosenSeeds.includes(seed)) continue
    await run(seed)
    seeds++
  }
  t.comment(`${chosenSeeds.length} chosen seeds, and ${seeds} besides`)
})

t.test('the same seed is the same run in every process', { timeout: TIMEOUT_MS }, async t => {
  // Through bytes and without, with faults and without.
  for (const seed of ['2', '4', '7']) {
    const traces = await Promise.all([1, 2].map(() =>
      run(process.execPath, [...programWords('simulation/simulate'), '--seed', seed, '--trace'])))
    const [first, second] = traces.map(({ stdout }) => stdout.split('\n')[0])
    t.match(first, new RegExp(`^${seed} [0-9a-f]{64} \\d+ events`))
    t.equal(first, second, `seed ${seed}`)
  }
})

t.test('a long run says which rare states it has not reached often enough', async t => {
  const enough = new Map(rareStates.map(({ name, least }) => [name, least]))
  const [first] = rareStates
  const short = (seeds: number, marks: ReadonlyMap<string, number>): string[] =>
    reachedBy(seeds, marks).filter(({ isShort }) => isShort).map(({ name }) => name)
  t.same(short(500, enough), [])
  t.same(short(499, new Map()), [], 'chance decides')
  t.same(short(500, new Map()), rareStates.map(({ name }) => name))
  t.same(short(500, new Map([...enough, [first.name, first.least - 1]])), [first.name])
  t.same(reachedBy(1000, enough)[0],
    { ...first, least: first.least * 2, times: first.least, isShort: true })
})

t.test('those are chosen that reach what is rare, for the least', async t => {
  const [first, second, third] = rareStates.map(({ name }) => name) as [string, string, string]
  const candidate = (seed: number, costMs: number, ...names: string[]) =>
    ({ seed, costMs, marks: new Map(names.map(name => [name, 7])) })
  t.same(choose([
    candidate(1, 900, first), candidate(2, 100, first), candidate(3, 100, first, second),
    candidate(4, 10),
    candidate(5, 5000, third), candidate(6, 300, first, second),
  ]), [2, 3, 5, 6], 'each state twice, if there are two')
  t.same(choose([]), [])
})

t.test('each planted bug has its place, and only one', async t => {
  t.ok(mutants.length >= 12)
  t.same(mutants.map(({ number }) => number), mutants.map((_mutant, index) => index + 1))
  for (const mutant of mutants) {
    const compiled = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), 'utf8')
    t.not(plant(mutant, compiled), compiled, mutant.breaks)
    t.throws(() => plant(mutant, compiled + mutant.find), mutant.breaks)
  }
})

t.test('a planted bug is caught', { timeout: TIMEOUT_MS }, async t => {
  const unsequenced = mutants.find(({ breaks }) => breaks === 'sequences are not looked at')
  await t.rejects(run(process.execPath, [...programWords('simulation/simulate'), '--seeds', '30', '--first'], {
    env: { ...process.env, MUTANT: String(unsequenced?.number) },
  }), { code: 1, stdout: /npm run simulate -- --seed \d+ {2}# idempotence/ })
})
