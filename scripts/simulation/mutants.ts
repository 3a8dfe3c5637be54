/**
 * Plants each bug of the table and runs seeds until one catches it; with `--all` those that tests
 * find.
 */
import { spawn } from 'node:child_process'
import { mutants } from '../../test/simulation/mutants.ts'
import type { Mutant } from '../../test/simulation/mutants.ts'
import { programWords } from '../repository.ts'
import { plantAll } from './bugs.ts'

const USAGE = 'usage: npm run mutants [-- --seeds N] [--from N] [--only N]\n' +
  '       npm run mutants -- --all [--room ROOM] [--only N[-N]] [--search SEEDS]'
const AT_ONCE = 2

export async function main (parameters: readonly string[]): Promise<number> {
  if (parameters[0] === '--all') return await plantAll(parameters)
  const options = { seeds: 300, from: 1, only: 0 }
  for (let at = 0; at < parameters.length; at += 2) {
    const name = parameters[at]?.slice(2) as keyof typeof options
    const value = Number(parameters[at + 1])
    if (!(name in options) || !Number.isSafeInteger(value)) {
      process.stderr.write(`${USAGE}\n`)
      return 2
    }
    options[name] = value
  }
  const chosen = mutants.filter(({ number }) => options.only === 0 || number === options.only)
  const waiting = [...chosen]
  let caught = 0
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const how = await hunt(mutant, options)
      if (how !== undefined) caught++
      process.stdout.write(`${mutant.number} ${mutant.breaks}: ${how ?? 'NOT CAUGHT'}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  process.stdout.write(`${caught} of ${chosen.length} mutants caught\n`)
  return caught === chosen.length ? 0 : 1
}

/** The seed and the invariant that caught it; undefined if none did. */
function hunt (
  mutant: Mutant, { seeds, from }: { seeds: number, from: number }
): Promise<string | undefined> {
  const parameters = [...programWords('simulation/simulate'), '--seeds', String(seeds), '--from', String(from), '--first']
  const child = spawn(process.execPath, parameters, {
    env: { ...process.env, MUTANT: String(mutant.number) }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', chunk => { output += String(chunk) })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      const found = /--seed (\d+) {2}# ([\w-]+)/.exec(output)
      resolve(found === null ? undefined : `seed ${found[1]}, ${found[2]}`)
    })
  })
}
