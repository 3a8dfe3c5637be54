/**
 * The build: everything compiled into dist, and the broker bundled. Plain JavaScript, since it
 * comes before anything that is compiled.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** Written by a build that succeeded: the names of its sources; changed when it began. */
const STAMP = `${root}dist/sources.txt`
const FOLDERS = ['protocol', 'src', 'test', 'scripts']
/** What else decides on the result: packages are bundled as well. */
const SETTINGS = ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/build.mjs']

/** Builds; whether it succeeded. */
export async function build () {
  const beganAt = new Date()
  const sources = sourcesThatAre()
  rmSync(STAMP, { force: true })
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', '.'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) return false
  const { bundle } = await import('../dist/scripts/house/bundle.js')
  await bundle()
  writeFileSync(STAMP, sources.join('\n'))
  utimesSync(STAMP, beganAt, beganAt)
  return true
}

/** Whether dist is what a build now would make: no source is newer, none has come or gone. */
export function isBuilt () {
  const builtMs = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs
  if (builtMs === undefined) return false
  const sources = sourcesThatAre()
  if (readFileSync(STAMP, 'utf8') !== sources.join('\n')) return false
  return [...sources, ...SETTINGS].every(path => statSync(root + path).mtimeMs < builtMs)
}

function sourcesThatAre () {
  // In the image's build there are no tests.
  return FOLDERS.filter(folder => existsSync(root + folder))
    .flatMap(folder => readdirSync(root + folder, { recursive: true }).map(name => `${folder}/${name}`))
    .filter(path => path.endsWith('.ts')).sort((a, b) => a < b ? -1 : 1)
}
