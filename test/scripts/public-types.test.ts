/**
 * A stranger's project: what `npm pack` makes, without Node's types, and with every type looked at.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { publicTypes } from '../../scripts/house/public-types.ts'
import { root } from '../../scripts/repository.ts'

const PROGRAM = `import { ConfigError, DataDirectoryError, startBroker, StoreError } from 'ottla'
import type { BrokerOptions, BrokerOverrides, LogFunction, LogLevel, OttlaBroker, Sources, StoreErrorCode } from 'ottla'

const seen: LogLevel[] = []
const log: LogFunction = (level, message, fields) => { if (level !== 'info') seen.push(level) }
const settings: BrokerOverrides = {
  'num.partitions': 3, 'auto.create.topics.enable': false, 'log.retention.ms': null, 'ottla.strict': true,
  'connections.max.idle.ms': 600000n, listeners: ['PLAINTEXT://127.0.0.1:0'],
}
const sources: Sources = { overrides: ['num.partitions=3'] }
const options: BrokerOptions = { settings, log, onFailed: error => { throw error } }
const broker: OttlaBroker = await startBroker(options)
export const address: string = broker.bootstrapServers + broker.listeners[0]?.name
await broker.stop()
try {
  await startBroker({ ...options, sources, settings: { listeners: ['nonsense'] } })
  throw new TypeError('it started')
} catch (error) {
  if (error instanceof StoreError) { const code: StoreErrorCode = error.code; seen.push(code === 'LOCKED' ? 'warn' : 'error') }
  else if (!(error instanceof ConfigError || error instanceof DataDirectoryError)) throw error
}
export const wrong: BrokerOptions[] = [
  // @ts-expect-error there is no such setting
  { settings: { 'num.partition': 3 } },
  // @ts-expect-error it is a number
  { settings: { 'num.partitions': '3' } },
  // @ts-expect-error it has a default
  { settings: { 'num.partitions': null } },
  // @ts-expect-error there is no such option
  { directory: 'data' },
]
`

/** Of the settings' table, whose types the library's file only copies. */
const SAME = `import type { BrokerOverrides } from 'ottla'
import type { BrokerValues } from '${root}dist/src/config/table.js'
type Meant = { readonly [N in keyof BrokerValues]?: BrokerValues[N] }
type Flat<T> = { [N in keyof T]: T[N] }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
export const same: Same<Flat<BrokerOverrides>, Flat<Meant>> = true
`

const OPTIONS = {
  target: 'es2022', lib: ['es2022'], types: [], strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false,
}

/** A folder that is nowhere near the repository, with the package as it would be published. */
function stranger (): string {
  const folder = mkdtempSync(join(tmpdir(), 'stranger-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  // What is published is what was built: these scripts would build it again.
  run('npm', ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', folder], root)
  const [archive] = readdirSync(folder)
  const packed = join(folder, 'node_modules', 'ottla')
  mkdirSync(packed, { recursive: true })
  run('tar', ['-xzf', join(folder, archive as string), '-C', packed, '--strip-components=1'], folder)
  const { dependencies } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(`${root}node_modules/${name}`, place)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'program.ts'), PROGRAM)
  return folder
}

function run (command: string, words: readonly string[], cwd: string): string {
  const { status, signal, error, stdout, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${status ?? signal ?? error?.message}\n${stdout}${stderr}`)
  return stdout
}

function compile (folder: string, files: readonly string[], options: object): string {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files }))
  // The hooks that the test runner loads into every program cannot load the compiler.
  return run('env', ['-u', 'NODE_OPTIONS', `${root}node_modules/.bin/tsc`, '-p', folder], root)
}

t.test('the library in a project of its own', async t => {
  const folder = stranger()
  const types = readFileSync(join(folder, 'node_modules', 'ottla', 'dist', 'src', 'index.d.ts'), 'utf8')
  t.notMatch(types, /\bfrom '|\bimport\b|<reference/, 'one file that names no other')
  t.equal(compile(folder, ['program.ts'], { module: 'nodenext' }), '', 'with the resolution of Node')
  t.equal(compile(folder, ['program.ts'], { module: 'esnext', moduleResolution: 'bundler' }), '', 'with that of bundlers')
  t.equal(run(process.execPath, ['program.js'], folder), '', 'it runs')
  writeFileSync(join(folder, 'same.ts'), SAME)
  t.equal(compile(folder, ['same.ts'], { module: 'nodenext', skipLibCheck: true, noEmit: true }), '',
    'every setting has the type that the table says')
})

t.test('what the types would need from elsewhere fails the build', async t => {
  const read = (): string => '/** One. */\nexport declare class One extends Error {\n    readonly two: Two;\n}\nexport type Two = 1;\n'
  const flat = publicTypes("import type { Two } from './b.ts';\nexport { One } from './a.ts';\nexport type { Two } from './b.ts';\n", read, [])
  t.equal(flat, '/** One. */\nexport declare class One extends Error {\n    readonly two: Two;\n}\nexport type Two = 1;\n')
  const refused = ["export * from './a.ts';\n", "export declare const a: import('./a.ts').A;\n", '/// <reference types="node" />\n']
  for (const text of refused) t.throws(() => publicTypes(text, read, []), /not whole by themselves/, text)
  t.throws(() => publicTypes("export type { Three } from './a.ts';\n", read, []), /no declaration of Three/)
})
