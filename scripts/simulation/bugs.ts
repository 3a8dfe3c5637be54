/**
 * `npm run mutants -- --all`: plants each bug of test/mutants, runs what is said to find it, and
 * fails where it does not. A test that fails without any bug finds nothing: each is run once as it
 * is, before.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { bugs } from '../../test/mutants/bugs.ts'
import type { Bug } from '../../test/mutants/bug.ts'
import { CannotRun, numberOption, textOption } from '../options.ts'
import { preloaded } from '../house/tap.ts'
import { compiled, filesUnder, programWords, root } from '../repository.ts'
import { progress } from '../steady.ts'

const AT_ONCE = 2
/** A test that waits for ever has seen it, too. */
const TEST_MS_MAX = 180_000
const SEED = /^seed (\d+)$/

export async function plantAll (words: readonly string[]): Promise<number> {
  const chosen = chosenBugs(words)
  const seeds = numberOption(words, 'search', 0)
  const tests = textOption(words, 'with', '')
  const namesOf = (bug: Bug): readonly string[] =>
    tests !== '' ? tests.split(',') : words.includes('--search') ? searched(bug, seeds) : bug.caughtBy
  const sound = new Map<string, Promise<boolean>>()
  const isSound = (name: string): Promise<boolean> => {
    const known = sound.get(name) ?? passes(name, undefined)
    sound.set(name, known)
    return known
  }
  let done = 0
  const lines = await inTurns(chosen, async bug => {
    progress(`${done} of ${chosen.length}, ${bug.number} ${bug.breaks}`)
    const found = await finderOf(bug, namesOf(bug), isSound)
    done++
    progress('')
    process.stdout.write(`${bug.number} ${bug.room}, ${bug.breaks}: ${found ?? 'NOT CAUGHT'}\n`)
    return found
  })
  const caught = lines.filter(found => found !== undefined)
  const bySeeds = caught.filter(found => SEED.test(found)).length
  process.stdout.write(`${caught.length} of ${chosen.length} caught, ${caught.length - bySeeds} by tests, ${bySeeds} by seeds\n`)
  return caught.length === chosen.length ? 0 : 1
}

function chosenBugs (words: readonly string[]): readonly Bug[] {
  const room = textOption(words, 'room', '')
  const [first, last] = textOption(words, 'only', '0-Infinity').split('-').map(Number)
  const chosen = bugs.filter(bug => (room === '' || bug.room === room) &&
    bug.number >= (first ?? 0) && bug.number <= (last ?? first ?? 0))
  if (chosen.length === 0) throw new CannotRun('no bug has this room and number')
  return chosen
}

async function inTurns<T, R> (items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const waiting = [...items.entries()]
  const results: R[] = []
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next[0]] = await work(next[1])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** The first that fails with the bug and passes without it. */
async function finderOf (
  { number }: Bug, names: readonly string[], isSound: (name: string) => Promise<boolean>
): Promise<string | undefined> {
  for (const name of names) {
    if (await passes(name, number)) continue
    if (await isSound(name)) return name
    process.stdout.write(`${name} fails without any bug\n`)
  }
  return undefined
}

function passes (name: string, bug: number | undefined): Promise<boolean> {
  const seed = SEED.exec(name)?.[1]
  const words = seed === undefined
    ? [...preloaded.map(path => `--import=${root}${path}`), root + compiled(name)]
    : [...programWords('simulation/simulate'), '--seed', seed]
  const planted = bug === undefined
    ? {}
    : { OTTLA_BUG: String(bug), NODE_OPTIONS: `--import=${root}dist/scripts/simulation/plant.js` }
  const child = spawn(process.execPath, words, {
    cwd: root, env: { ...process.env, ...planted, TAP_BAIL: '1', TAP_TIMEOUT: '120' }, stdio: 'ignore', timeout: TEST_MS_MAX, killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => { resolve(code === 0) })
  })
}

/** The test of the bug's file, the others of its room, and the first seeds. */
function searched ({ file, caughtBy }: Bug, seeds: number): string[] {
  const path = file.replace(/^src\//, 'test/').replace(/\.js$/, '')
  const folder = dirname(path).split('/').slice(0, 3).join('/')
  const room = existsSync(root + folder)
    ? filesUnder(folder, '.test.ts')
    : filesUnder(dirname(folder), '.test.ts').filter(name => dirname(name) === dirname(folder))
  const own = room.filter(name => name === `${path}.test.ts`)
  return [...new Set([
    ...caughtBy, ...own, ...room, ...Array.from({ length: seeds }, (_each, at) => `seed ${at + 1}`),
  ])]
}
