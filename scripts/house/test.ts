/**
 * `npm test` checks everything and rewrites nothing: types, style, the tests with the laws of the
 * house, and the floor of their coverage. It goes on after a failure, to show them all, and closes
 * with `N passed, N failed`: every assertion counts, and each of the other checks. `npm test --
 * FILE...` runs these tests alone.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { compiled, root, trackedFiles } from '../repository.ts'
import { belowFloor, coverageOf, hasCode } from './coverage-floor.ts'
import { lint } from './lint.ts'
import { runTests } from './tap.ts'
import { closingLine } from './test-report.ts'
import type { Tally } from './test-report.ts'

const SUMMARY = `${root}.tap/report/coverage-summary.json`
const WITH_COVERAGE = ['--coverage-map=dist/scripts/house/coverage-map.js', '--coverage-report=json-summary']

export async function main (files: readonly string[]): Promise<number> {
  const tally = files.length > 0 ? await runTests(files, ['--disable-coverage']) : await everything()
  console.log(closingLine(tally))
  return tally.failed === 0 ? 0 : 1
}

async function everything (): Promise<Tally> {
  const checks = [check('types', typesHold()), check('style and correctness', lint([]))]
  rmSync(SUMMARY, { force: true })
  const { passed, failed, skipped } = await runTests([], WITH_COVERAGE)
  checks.push(check('coverage', coverageHolds()))
  const good = checks.filter(Boolean).length
  return { passed: passed + good, failed: failed + checks.length - good, skipped }
}

function check (name: string, holds: boolean): boolean {
  console.log(`${holds ? 'ok' : 'not ok'} - ${name}`)
  return holds
}

/** Also what the build lets pass while one writes: names that nothing uses. */
function typesHold (): boolean {
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', '.', '--noEmit', '--noUnusedLocals', '--noUnusedParameters'],
    { cwd: root, stdio: 'inherit' })
  return status === 0
}

function coverageHolds (): boolean {
  if (!existsSync(SUMMARY)) return false
  const text = (path: string): string => readFileSync(root + path, 'utf8')
  const sources = trackedFiles().filter(path => /^(?:protocol|src)\/.*(?<!\.d)\.ts$/.test(path) && hasCode(text(compiled(path))))
    .map((path): [string, number] => [path, text(path).split('\n').length - 1])
  const rooms = coverageOf(JSON.parse(readFileSync(SUMMARY, 'utf8')), root, new Map(sources))
  for (const { room, percent } of rooms) console.log(`${room}: ${percent.toFixed(1)} % of the lines`)
  return belowFloor(rooms).length === 0
}
