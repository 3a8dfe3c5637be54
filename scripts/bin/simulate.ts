import { register } from 'node:module'

if (process.env.MUTANT !== undefined) {
  register('./mutant-hooks.js', import.meta.url, { data: Number(process.env.MUTANT) })
}
const { main } = await import('../simulate.ts')
process.exitCode = await main(process.argv.slice(2))
