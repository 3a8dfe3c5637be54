/**
 * `npm test [-- FILE...]` runs the compiled tests and closes with `N passed, N failed`, which counts
 * every assertion, as tap does.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { compiled, filesUnder, root } from '../repository.ts'
import { closingLine, TestReport } from './test-report.ts'

const TAP = 'node_modules/.bin/tap'
/** See test/support/leave.ts. */
const LEAVE = '--node-arg=--import=./dist/test/support/leave.js'

/** Runs test files (sources or compiled; all without any) and gives the exit code. */
export async function runTests (files: string[], options: string[]): Promise<number> {
  // Named one by one, so that what a deleted test left in dist does not run.
  const named = files.length > 0 ? files : filesUnder('test', '.test.ts')
  const paths = named.map(file => file.endsWith('.ts') ? compiled(file) : file)
  buildTap()
  const tap = spawn(TAP, ['--reporter=tap', LEAVE, ...options, ...paths], {
    cwd: root, stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number>((resolve, reject) => {
    tap.on('error', reject)
    tap.on('close', code => { resolve(code ?? 1) })
  })
  const report = new TestReport()
  for await (const line of createInterface(tap.stdout)) {
    for (const shown of report.line(line)) console.log(shown)
  }
  const tally = report.tally(await exited)
  console.log(closingLine(tally))
  return tally.failed === 0 ? 0 : 1
}

/**
 * On a fresh install tap still has the plugins that .taprc takes out. It would rebuild itself by the
 * way, but start the files of that very run with them, which fails with TypeScript 7.
 */
function buildTap (): void {
  const built = readFileSync(`${root}node_modules/@tapjs/test/test-built/dist/esm/index.js`, 'utf8')
  const isWhole = ['@tapjs/typescript', '@tapjs/mock'].some(plugin => built.includes(plugin))
  if (isWhole) spawnSync(TAP, ['build'], { cwd: root, stdio: 'ignore' })
}

export async function main (files: string[]): Promise<number> {
  return await runTests(files, ['--disable-coverage'])
}
