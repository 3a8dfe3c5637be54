/** The broker's one file with code that was compiled before, and without. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openBundle } from '../../src/cli/bundled.ts'

const isKnown = openBundle() !== undefined

const bundled = fileURLToPath(new URL('../../src/cli/bundled.js', import.meta.url))

/** In a process of its own: what a process has compiled once, it does not look for again. */
function run (program: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `
    import { readFileSync, writeFileSync } from 'node:fs'
    import { openBundle } from ${JSON.stringify(bundled)}
    ${program}`], { encoding: 'utf8' })
  return stdout.trim() + stderr
}

t.test('code is taken by the Node that made it, other bytes are not', { skip: !isKnown && 'an older Node' }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ottla-code-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const file = join(folder, 'code')
  const open = `const { isRefused, command } = openBundle(readFileSync(${JSON.stringify(file)}))
    console.log(isRefused, typeof command.run)`
  t.equal(run(`writeFileSync(${JSON.stringify(file)}, openBundle().code())`), '')
  t.equal(run(open), 'false function')
  const code = readFileSync(file)
  code.fill(0xff, 0, 16)
  for (const bytes of [code, code.subarray(0, 100), Buffer.alloc(0)]) {
    writeFileSync(file, bytes)
    t.equal(run(open), 'true function', 'it is compiled anew')
  }
})
