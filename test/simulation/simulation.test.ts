/** The whole broker under seeds: nothing promised is broken, and a seed is a run. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { programWords } from '../../scripts/repository.ts'
import { rareStates, reachedBy } from './coverage.ts'
import { mutants, plant } from './mutants.ts'
import { simulate } from './simulation.ts'

const run = promisify(execFile)

/** Time decides how many seeds are run, and nothing else. */
const SEEDS_MAX = 200
const BUDGET_MS = 18_000
const TIMEOUT_MS = 240_000

t.setTimeout(TIMEOUT_MS)

t.test('no seed breaks an invariant', { timeout: TIMEOUT_MS }, async t => {
  const startedMs = performance.now()
  let seeds = 0
  for (let seed = 1; seed <= SEEDS_MAX && performance.now() - startedMs < BUDGET_MS; seed++) {
    const { violation } = await simulate(seed)
    seeds++
    if (violation === undefined) continue
    t.fail(`npm run simulate -- --seed ${seed}`, violation)
  }
  t.ok(seeds > 0, `${seeds} seeds`)
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
  t.same(reachedBy(1000, enough)[0], { ...first, least: first.least * 2, times: first.least, isShort: true })
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
