/**
 * `npm run fix`, the only script that rewrites sources: their style, and the table of README.md.
 * `npm run fix -- --tables` leaves the style alone.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { withApiTable } from './api-table.ts'
import { lint } from './lint.ts'
import { root } from '../repository.ts'

const README = `${root}README.md`

export function main (options: string[]): number {
  const readme = readFileSync(README, 'utf8')
  const fresh = withApiTable(readme)
  if (fresh !== readme) writeFileSync(README, fresh)
  if (options.includes('--tables')) return 0
  return lint(['--fix']) ? 0 : 1
}
