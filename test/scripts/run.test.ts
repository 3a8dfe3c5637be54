/**
 * Programs never run of sources that are no more: `scripts/run.mjs`, with a compiler that only
 * tells.
 */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { root } from '../../scripts/repository.ts'

const HOUR_S = 3600
const MAIN = "export const main = words => { console.log('ran', ...words); return words.length }\n"
const REFUSED = "export const main = () => { throw Object.assign(new Error('no java'), { name: 'CannotRun' }) }\n"

/** A house of one source, all its files an hour old. */
function house (folder: string): {
  run: (...words: string[]) => string, write: (path: string, text: string) => void,
} {
  const write = (path: string, text: string): void => {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true })
    fs.writeFileSync(join(folder, path), text)
    const past = Date.now() / 1000 - HOUR_S
    fs.utimesSync(join(folder, path), past, past)
  }
  for (const path of ['scripts/run.mjs', 'scripts/build.mjs']) write(path, fs.readFileSync(root + path, 'utf8'))
  for (const path of ['tsconfig.json', 'package-lock.json']) write(path, '{}')
  write('package.json', '{ "type": "module" }')
  write('src/one.ts', '')
  write('dist/scripts/house/bundle.js', "export const bundle = () => { console.log('bundled') }\n")
  write('dist/scripts/store/kill.js', MAIN)
  write('dist/scripts/store/refused.js', REFUSED)
  write('node_modules/.bin/tsc', '#!/bin/sh\necho compiled\ntest ! -e broken\n')
  fs.chmodSync(join(folder, 'node_modules/.bin/tsc'), 0o755)
  const run = (...words: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.mjs', ...words], {
      cwd: folder, encoding: 'utf8',
    })
    return [...(stdout + stderr).trim().split('\n'), status].join(', ')
  }
  return { run, write }
}

t.test('a program is built when a source is newer than dist, and only then', async t => {
  const folder = t.testdir()
  const { run, write } = house(folder)
  const touch = (path: string): void => {
    const soon = Date.now() / 1000 + HOUR_S
    fs.utimesSync(join(folder, path), soon, soon)
  }
  const built = 'compiled, bundled, ran --rounds 2, 2'
  const asItIs = 'ran --rounds 2, 2'
  const kill = (): string => run('store/kill', '--rounds', '2')
  t.equal(run('--built', 'store/kill', 'x'), 'ran x, 1', 'taken as it is')
  t.equal(run(), 'compiled, bundled, 0', 'without a name')
  fs.rmSync(join(folder, 'dist/sources.txt'))
  t.equal(kill(), built, 'never built')
  t.equal(kill(), asItIs)
  for (const path of ['src/one.ts', 'package-lock.json', 'scripts/build.mjs']) {
    touch(path)
    t.equal(kill(), built, `${path} was changed`)
    write(path, fs.readFileSync(join(folder, path), 'utf8'))
    t.equal(kill(), asItIs)
  }
  write('protocol/deep/two.ts', '')
  t.equal(kill(), built, 'an old source has come')
  t.equal(kill(), asItIs)
  fs.rmSync(join(folder, 'protocol/deep/two.ts'))
  t.equal(kill(), built, 'a source has gone')
  write('src/notes.txt', '')
  t.equal(kill(), asItIs, 'no source')
})

t.test('what does not build does not run', async t => {
  const folder = t.testdir()
  const { run, write } = house(folder)
  t.match(run('store/kill'), /^compiled, bundled, ran/)
  write('broken', '')
  write('src/two.ts', '')
  t.equal(run('store/kill'), 'compiled, 1')
  t.equal(run('store/kill'), 'compiled, 1', 'nor the second time')
})

t.test('what the user can mend is one line', async t => {
  const { run } = house(t.testdir())
  t.equal(run('--built', 'store/refused'), 'no java, 1')
})
