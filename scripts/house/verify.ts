/**
 * `npm run verify` checks everything and never rewrites a source: style and correctness, types,
 * tests with the laws of the house, coverage. It goes on after a failure, to show them all.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { belowFloor, coverageOf, hasCode } from './coverage-floor.ts'
import { lint } from './lint.ts'
import { compiled, filesUnder, root } from '../repository.ts'
import { runTests } from './test.ts'

const SUMMARY = `${root}.tap/report/coverage-summary.json`

export async function main (): Promise<number> {
  const steps: ReadonlyArray<[string, () => boolean | Promise<boolean>]> = [
    ['types', typesHold],
    ['style and correctness', () => lint([])],
    ['tests', async () => await runTests([], [
      '--coverage-map=dist/scripts/house/coverage-map.js', '--coverage-report=json-summary',
    ]) === 0],
    ['coverage', coverageHolds],
  ]
  const failed: string[] = []
  for (const [name, holds] of steps) {
    console.log(`== ${name}`)
    if (!await holds()) failed.push(name)
  }
  console.log(failed.length === 0 ? 'verified' : `failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

/** Also what the build lets pass while one writes: names that nothing uses. */
function typesHold (): boolean {
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', '.', '--noEmit', '--noUnusedLocals', '--noUnusedParameters'],
    { cwd: root, stdio: 'inherit' })
  return status === 0
}

function coverageHolds (): boolean {
  const text = (path: string): string => readFileSync(root + path, 'utf8')
  const sources = ['protocol', 'src'].flatMap(folder => filesUnder(folder, '.ts'))
    .filter(path => !path.endsWith('.d.ts') && hasCode(text(compiled(path))))
    .map((path): [string, number] => [path, text(path).split('\n').length - 1])
  const rooms = coverageOf(JSON.parse(readFileSync(SUMMARY, 'utf8')), root, new Map(sources))
  for (const { room, percent } of rooms) console.log(`${room}: ${percent.toFixed(1)} % of the lines`)
  return belowFloor(rooms).length === 0
}
