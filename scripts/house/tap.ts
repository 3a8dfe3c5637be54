/** The compiled tests, run by tap. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { compiled, filesUnder, root } from '../repository.ts'
import { TestReport } from './test-report.ts'
import type { Tally } from './test-report.ts'

const TAP = 'node_modules/.bin/tap'
/** What every test process loads first; each says why. */
export const preloaded = ['leave', 'memory-watch'].map(name => `dist/test/support/${name}.js`)

/** Runs test files (sources or compiled; all without any), and shows what is worth a look. */
export async function runTests (
  files: readonly string[], options: readonly string[]
): Promise<Tally> {
  // Named one by one, so that what a deleted test left in dist does not run.
  const named = files.length > 0 ? files : filesUnder('test', '.test.ts')
  const paths = named.map(file => file.endsWith('.ts') ? compiled(file) : file)
  buildTap()
  const tap = spawn(TAP, ['--reporter=tap', ...preloaded.map(path => `--node-arg=--import=./${path}`), ...options, ...paths], {
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
  return report.tally(await exited)
}

/**
 * On a fresh install tap still has the plugins that .taprc takes out. It would rebuild itself by
 * the way, but start the files of that very run with them, which fails with TypeScript 7.
 */
function buildTap (): void {
  const built = readFileSync(`${root}node_modules/@tapjs/test/test-built/dist/esm/index.js`, 'utf8')
  const isWhole = ['@tapjs/typescript', '@tapjs/mock'].some(plugin => built.includes(plugin))
  if (isWhole) spawnSync(TAP, ['build'], { cwd: root, stdio: 'ignore' })
}
