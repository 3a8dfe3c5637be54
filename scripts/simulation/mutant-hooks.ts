/** Module hooks that change one file of the program while it is loaded. */
import { readFileSync } from 'node:fs'
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mutants, plant } from '../../test/simulation/mutants.ts'
import type { Mutant } from '../../test/simulation/mutants.ts'

let planted: Mutant | undefined

export function initialize (number: number): void {
  planted = mutants.find(mutant => mutant.number === number)
  if (planted === undefined) throw new Error(`there is no mutant ${number}`)
}

export const load: LoadHook = async (url, context, nextLoad) => {
  if (planted === undefined || !url.endsWith(`/${planted.file}`)) return nextLoad(url, context)
  const source = plant(planted, readFileSync(fileURLToPath(url), 'utf8'))
  return { format: 'module', source, shortCircuit: true }
}
