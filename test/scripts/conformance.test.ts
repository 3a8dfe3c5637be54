/** How the conformance run hears its programs, and what it knows of the clients. */
import { existsSync } from 'node:fs'
import t from 'tap'
import { Program } from '../../scripts/conformance/program.ts'
import type { Outcome, ProgramOptions } from '../../scripts/conformance/program.ts'
import { root } from '../../scripts/repository.ts'
import { clients } from '../conformance/clients.ts'

const MINUTE = 60_000

function run (source: string, more: Partial<ProgramOptions> = {}): Promise<Outcome> {
  return new Program([process.execPath, '-e', source], {
    cwd: root,
    environment: { BOOTSTRAP: 'host:1' },
    limitMs: MINUTE,
    signal: new AbortController().signal,
    onCase: () => {},
    ...more,
  }).ended
}

const says = (line: object): string => `console.log(${JSON.stringify(JSON.stringify(line))});`

t.test('what a program says is what has passed, failed or is absent', async t => {
  const passed = says({ case: 'a', ok: true })
  const failed = says({ case: 'b', ok: false, why: 'because' })
  const table: Array<[what: string, source: string, expected: object]> = [
    ['all is well', `${passed}${says({ case: 'c', ok: true })}`, { cases: 2, failures: [] }],
    ['a case fails', `${passed}${failed}process.exitCode = 1`, { cases: 2, failures: [{ name: 'b', why: 'because' }] }],
    ['a case fails, and the exit code hides it', failed, { cases: 1, failures: [{ name: 'b' }] }],
    ['it breaks between cases', `${passed}throw new Error('boom')`, { cases: 2, failures: [{ name: 'the end', why: /after a: .*boom/s }] }],
    ['it ends early without a word', 'process.exitCode = 3', { failures: [{ why: /exit code 3 after the start/ }] }],
    ['other words are no cases', `console.log('{'); console.log('hello'); ${passed}`, { cases: 1, failures: [] }],
    ['there is nothing to run', says({ absent: 'not here' }), { absent: 'not here', cases: 0 }],
    ['its version', says({ version: '1.2' }), { version: '1.2', cases: 0 }],
    ['it knows the broker', 'console.log(JSON.stringify({ version: process.env.BOOTSTRAP }))', { version: 'host:1' }],
  ]
  await Promise.all(
    table.map(async ([what, source, expected]) => { t.match(await run(source), expected, what) })
  )
})

t.test('who takes too long, or is interrupted, is ended with all that it has started', async t => {
  const forever = 'setInterval(() => {}, 1000)'
  t.match(await run(forever, { limitMs: 1 }), { failures: [{ name: 'the limit of time' }] })
  // The child of the program holds its output open: only the end of both ends the reading.
  const child = `${says({ case: 'the child is there', ok: true })}${forever}`
  const both = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });${forever}`
  const interruption = new AbortController()
  const outcome =
    await run(both, { signal: interruption.signal, onCase: () => { interruption.abort() } })
  t.match(outcome, { cases: 2, failures: [{ name: 'the end' }] })
})

t.test('every client has its program', async t => {
  const files = { pip: 'cases.py', npm: 'cases.mjs', go: 'main.go', cargo: 'main.rs', machine: 'cases.ts' }
  for (const { name, version, recipe } of clients) {
    t.ok(existsSync(`${root}test/conformance/${name}/${files[recipe.from]}`), name)
    if (recipe.from === 'machine') continue
    t.ok(recipe.packages.some(each => each.includes(version)), `${name}: its version is the one that is fetched`)
  }
})
