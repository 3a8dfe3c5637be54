/** `npm run fix`, the only script that rewrites sources: their style, and the tables of README.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withApiTable } from './api-table.ts'
import { lint } from './lint.ts'
import { root } from './repository.ts'

const README = `${root}README.md`

export function main (): number {
  const readme = readFileSync(README, 'utf8')
  const fresh = withApiTable(readme)
  if (fresh !== readme) writeFileSync(README, fresh)
  return lint(['--fix']) ? 0 : 1
}
