/**
 * `npm run simulate`, with the bug of $MUTANT planted in the modules before any of them is loaded.
 */
import { register } from 'node:module'

export async function main (parameters: readonly string[]): Promise<number> {
  if (process.env.MUTANT !== undefined) {
    register('./mutant-hooks.js', import.meta.url, { data: Number(process.env.MUTANT) })
  }
  const { runSeeds } = await import('./seeds.ts')
  return await runSeeds(parameters)
}
