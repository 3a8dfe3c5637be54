/** Every law finds a breach, and passes what it should: none holds by accident. */
import t from 'tap'
import { apiTable, olderVersions, withApiTable } from '../../scripts/house/api-table.ts'
import { importsMakeNoCircle } from './circles.ts'
import { exportsAreUsed } from './exports.ts'
import { functionsOf } from './functions.ts'
import { importsOf } from './imports.ts'
import { platformsWithout, registriesIn, strangersAtTheTop, undeclaredDependencies, unusedDependencies } from './manifest.ts'
import { noDrawers, threeShelves, withoutMirror } from './names.ts'
import { countCitations, declaredTwice, linksToNowhere, rulesOf, unknownRules } from './rules.ts'
import { scan } from './scanner.ts'
import { filesAreShort, functionsAreShort } from './sizes.ts'
import type { Law, Source } from './sources.ts'
import { wallsStand } from './walls.ts'
import {
  coreIsPure, everyFileOpensWithItsPurpose, everyTestRuns, nothingIsLeftToDo, noMachineIsNamed,
  ownMembersBearAHash, storeKeepsItsPath, timeoutsAreMonotonic,
} from './words.ts'

const source = (path: string, text = ''): Source => ({ path, text })
/** A path that no law may find in this file itself. */
const machine = (...parts: string[]): string => `/${parts.join('/')}`

t.test('a law finds what breaks it, and nothing else', async t => {
  const rows: ReadonlyArray<[Law, string, string, boolean]> = [
    [wallsStand, 'src/core/a.ts', "import { x } from '../store/log.ts'", true],
    [wallsStand, 'src/core/a.ts', "import type { x } from '../store/log.ts'", true],
    [wallsStand, 'src/core/a.ts', "import { readFileSync } from 'node:fs'", true],
    [wallsStand, 'src/core/a.ts', "import { x } from '../../protocol/a.ts'", false],
    [wallsStand, 'protocol/a.ts', "import { x } from '../src/core/a.ts'", true],
    [wallsStand, 'protocol/a.ts', "import zlib from 'zlib'", true],
    [wallsStand, 'src/apis/a.ts', "import { x } from '../broker.ts'", true],
    [wallsStand, 'src/apis/a.ts', "import type { x } from '../broker.ts'", true],
    [wallsStand, 'src/apis/a.ts', "import type { x } from '../server/a.ts'", true],
    [wallsStand, 'src/apis/a.ts', "import type { x } from '../runtime/a.ts'", true],
    [wallsStand, 'src/apis/broker.ts', "import type { x } from '../runtime/a.ts'", false],
    [wallsStand, 'src/apis/broker.ts', "import { x } from '../runtime/a.ts'", true],
    [wallsStand, 'src/apis/a.ts', "import { x } from '../runtime/a.ts'", true],
    [wallsStand, 'src/runtime/a.ts', "import { open } from 'lmdb'", true],
    [wallsStand, 'src/store/a.ts', "import { open } from 'lmdb'", false],
    [wallsStand, 'src/store/a.ts', "const lmdb = await import('lmdb'); await import('node:http')", true],
    [wallsStand, 'src/server/a.ts', "export { x } from '../core/a.ts'", true],
    [wallsStand, 'src/cli/topics.ts', "import { startBroker } from '../index.ts'", true],
    [wallsStand, 'src/cli/serve.ts', "import { startBroker } from '../index.ts'", false],
    [wallsStand, 'src/cli/topics.ts', "import { x } from '../store/log.ts'", true],
    [wallsStand, 'src/cli/dump/dump.ts', "import { x } from '../../store/log.ts'", false],
    [wallsStand, 'src/attic/a.ts', '', true],
    [coreIsPure, 'src/core/a.ts', 'const at = Date.now()', true],
    [coreIsPure, 'src/core/a.ts', 'const chance = Math.random()', true],
    [coreIsPure, 'src/core/a.ts', 'async function a () {}', true],
    [coreIsPure, 'src/core/a.ts', 'process.exit(1)', true],
    [coreIsPure, 'src/core/a.ts', "// Date.now() and await are words of a comment\nconst a = 'async'", false],
    [coreIsPure, 'src/core/a.ts', 'const x = `a ${Date.now()}`', true],
    [coreIsPure, 'src/core/a.ts', 'random(); machine.process()', false],
    [coreIsPure, 'src/runtime/a.ts', 'await x', false],
    [storeKeepsItsPath, 'src/store/a.ts', 'db.putSync(key, value)', true],
    [storeKeepsItsPath, 'src/store/a.ts', 'open({ noSync: true })', true],
    [storeKeepsItsPath, 'src/store/a.ts', '// never noSync\ndb.put(key, value)', false],
    [ownMembersBearAHash, 'src/a.ts', 'class A { private readonly b = 1 }', true],
    [ownMembersBearAHash, 'src/a.ts', 'class A { private * b () {} }', true],
    [ownMembersBearAHash, 'src/a.ts', 'class A { protected b (): void {} }', true],
    [ownMembersBearAHash, 'src/a.ts', 'class A { private constructor () {} }', false],
    [ownMembersBearAHash, 'src/a.ts', 'class A { #b = 1 } // private words\nconst c = { private: 1 }.private', false],
    [filesAreShort, 'src/a.ts', 'a\n'.repeat(401), true],
    [filesAreShort, 'src/a.ts', 'a\n'.repeat(400), false],
    [functionsAreShort, 'src/a.ts', `function a () {\n${'a\n'.repeat(69)}}`, true],
    [functionsAreShort, 'src/a.ts', `function a () {\n${'a\n'.repeat(68)}}`, false],
    [noDrawers, 'src/core/utils/a.ts', '', true],
    [noDrawers, 'test/support/helpers.ts', '', true],
    [noDrawers, 'src/core/utility-of-brokers.ts', '', false],
    [everyFileOpensWithItsPurpose, 'src/a.ts', 'const a = 1', true],
    [everyFileOpensWithItsPurpose, 'src/a.ts', '/** What it is for. */\nconst a = 1', false],
    [nothingIsLeftToDo, 'src/a.ts', '// TO' + 'DO: more', true],
    [nothingIsLeftToDo, 'src/a.ts', '/*\n FIX' + 'ME */', true],
    [nothingIsLeftToDo, 'src/a.ts', "const a = 'FIX" + "ME'", false],
    [everyTestRuns, 'test/a.test.ts', "t.only('a', f)", true],
    [everyTestRuns, 'test/a.test.ts', "t.test('a', { only: true }, f)", true],
    [everyTestRuns, 'test/a.test.ts', "t.skip('a', f)", true],
    [everyTestRuns, 'test/a.test.ts', "t.test('a', { skip: true }, f)", true],
    [everyTestRuns, 'test/a.test.ts', "t.test('a', { skip: there ? false : 'there is no kcat' }, f)", false],
    [noMachineIsNamed, 'README.md', `see ${machine('work', 'main')}`, true],
    [noMachineIsNamed, 'README.md', `see ${machine('home', 'me', 'x')}`, true],
    [noMachineIsNamed, 'README.md', 'https://a.example/work/main and network/roots/a', false],
  ]
  for (const [law, path, text, isBroken] of rows) {
    t.equal(law([source(path, text)]).length > 0, isBroken, `${law.name}: ${path} ${text.slice(0, 60)}`)
  }
})

t.test('the wall clock is read where its time is meant', async t => {
  const rows: ReadonlyArray<[string, string, number]> = [
    ['src/runtime/lifecycle.ts', 'const dueMs = environment.nowMs() + 5', 1],
    ['src/client/a.ts', 'const dueMs = Date.now() + 5', 1],
    ['src/core/quorum/a.ts', 'function f (nowMs: number) {}', 1],
    ['src/core/group/a.ts', 'function f (nowMs: number) {}', 0],
    ['src/runtime/environment.ts', 'interface Clock { nowMs (): number }', 0],
    ['src/runtime/cleaner/cleaner.ts', 'f(environment.nowMs())', 0],
  ]
  for (const [path, text, breaches] of rows) {
    t.equal(timeoutsAreMonotonic([source(path, text)]).length, breaches, `${path}: ${text}`)
  }
})

t.test('a circle of imports is found, of values and of types, and so is each of several', async t => {
  const chain = (...paths: string[]): Source[] => paths.slice(0, -1).map((path, at) =>
    source(path, `import { x } from '/${paths[at + 1]}'`.replace('/src/', './').replace('/test/support/', './')))
  t.same(importsMakeNoCircle(chain('src/a.ts', 'src/b.ts', 'src/c.ts')), [], 'a chain is none')
  t.same(importsMakeNoCircle(chain('src/a.ts', 'src/b.ts', 'src/c.ts', 'src/b.ts')),
    ['src/b.ts:1 needs itself: src/b.ts -> src/c.ts -> src/b.ts'], 'only who is in it is named')
  t.same(importsMakeNoCircle([source('src/a.ts', "export * from './a.ts'")]),
    ['src/a.ts:1 needs itself: src/a.ts -> src/a.ts'], 'a file alone')
  t.same(importsMakeNoCircle([
    source('src/a.ts', "import type { b } from './b.ts'"),
    source('src/b.ts', "const { a } = await import('./a.ts')\nimport { c } from './c.ts'"),
    source('src/c.ts', "import { d } from './d.ts'\nimport { e } from './e.ts'"),
    source('src/d.ts', "import type { c } from './c.ts'"),
    source('src/e.ts', "import { d } from './d.ts'"),
  ]).length, 2, 'types and dynamic imports count, and both circles are told')
  t.equal(importsMakeNoCircle(chain('test/support/a.ts', 'test/support/b.ts', 'test/support/a.ts')).length, 1)
  t.same(importsMakeNoCircle(chain('test/a.ts', 'test/b.ts', 'test/a.ts')), [], 'elsewhere in tests nobody looks')
})

t.test('an export that nobody imports is found', async t => {
  const idle = (text: string, user = ''): string[] =>
    exportsAreUsed([source('src/a.ts', text), source('test/b.test.ts', user)])
  const rows: ReadonlyArray<[string, string]> = [
    ['export const a = 1', "import { a } from '../src/a.ts'"],
    ['export async function a () {}', "import { b, a as c } from '../src/a.ts'"],
    ['export function * a () {}', "export { a } from '../src/a.ts'"],
    ['export class a {}', "import type { a } from '../src/a.ts'"],
    ['export interface a {}', "import * as a from '../src/a.ts'"],
    ['export type a = 1', "const { a } = await import('../src/a.ts')"],
  ]
  for (const [text, user] of rows) {
    t.same(idle(text), ['src/a.ts:1 exports a, which nobody imports'], text)
    t.same(idle(text, user), [], user)
    t.equal(idle(text, user.replace('a.ts', 'c.ts')).length, 1, 'of another file')
  }
  t.equal(idle('export const a = 1', "import { b as a } from '../src/a.ts'").length, 1, 'a name that is given here')
  t.equal(idle('export const a = 1\nconsole.log(a)').length, 1, 'a value that its file uses is no export')
  t.same(idle('export interface a {}\nexport const b: a = {}', "import { b } from '../src/a.ts'"), [], 'a type that is told')
  t.same(exportsAreUsed([source('protocol/messages/01-a.ts', 'export const a = 1')]), [], 'the language is whole')
})

t.test('three shelves and the mirror', async t => {
  const handler = source('src/apis/12-heartbeat.ts')
  const message = source('protocol/messages/12-heartbeat.ts')
  const another = source('test/apis/18-api-versions.test.ts')
  const own = source('test/apis/12-heartbeat.test.ts')
  t.equal(threeShelves([handler]).length, 1, 'no message')
  t.equal(threeShelves([handler, message]).length, 0, 'no tests yet')
  t.equal(threeShelves([handler, message, another]).length, 1, 'no test')
  t.equal(threeShelves([handler, message, own]).length, 0)
  t.same(withoutMirror([handler, message, another]), ['src/apis/12-heartbeat.ts'])
  t.same(withoutMirror([handler, message, own]), [])
  t.same(withoutMirror([source('protocol/codec.ts'), source('src/store/log.ts'), source('test/store/log.test.ts')]),
    ['protocol/codec.ts'])
})

t.test('the package', async t => {
  const manifest = {
    scripts: { build: 'tsc -p .', lint: 'scripts/lint' },
    dependencies: { lmdb: '1', left: '1', '@a/b': '1' },
    devDependencies: { typescript: '1', tap: '1', idle: '1', '@types/node': '1' },
  }
  const used = source('src/a.ts', "import { open } from 'lmdb'\nimport b from '@a/b/c'\nimport tap from 'tap'")
  t.same(unusedDependencies(manifest, [used], ['"types": ["node"]'],
    name => name === 'typescript' ? ['tsc'] : []), ['left', 'idle'])
  t.same(unusedDependencies(manifest, [used], ['"types": []'], () => []), ['left', 'typescript', 'idle', '@types/node'])
  t.same(undeclaredDependencies(manifest, [used]), [])
  t.same(undeclaredDependencies(manifest, [source('src/a.ts', "\nimport x from '@a/c/d'")]), ['src/a.ts:2 @a/c/d'])
  t.equal(registriesIn('{ "resolved": "https://registry.example/a.tgz" }').length, 1)
  t.equal(registriesIn('{ "version": "1.0.0" }').length, 0)
  const optionalDependencies = { '@a/linux': '1', '@a/darwin': '1' }
  t.same(platformsWithout({ packages: { 'node_modules/a': { optionalDependencies }, 'node_modules/@a/linux': {} } }),
    ['@a/darwin'])
  t.same(strangersAtTheTop(['src/a.ts', '.ci/run', 'attic/a/b.ts', 'attic/c', 'notes.txt']), ['attic', 'notes.txt'])
})

t.test('rules: what is cited is there, and of each number one knows whose it is', async t => {
  const files = [
    source('docs/rules/data.md', '## D5 Produce\n\n- **D5.8** Twice.\n- **D5.9** Once; not **D5.30**.\n'),
    source('docs/rules/groups.md', '## 4 Classic\n### 4.1 JoinGroup\n- **4.1.3** Empty.\n- **4.1.4** Short.\n'),
    source('docs/rules/correctness.md', '| **P2** | Kept. |\n### 2.4 Leaders\n- **2.4.3** ELR.\n- **2.4.4** Unclean (**R-M2**).\n- **R-S2** Stop.\n'),
    source('docs/rules/clients.md', '- **6.15** At once.\n'),
  ]
  const rules = rulesOf(files)
  const here = 'src/a.ts'
  const rows: ReadonlyArray<[string, string, string]> = [
    [here, '// D5, D5.8, D5.8-9, P2, R-S2, R-M2, R 2.4.3-4, groups 4, groups 4.1.3, correctness.md 2.4, clients 6.15', ''],
    [here, '// D5.10', '1 D5.10'],
    [here, '/**\n * a\n * b (D5.8-10)\n */', '3 D5.10'],
    [here, '// D5.30 is named, but not declared', '1 D5.30'],
    [here, '// D6: a section', '1 D6'],
    [here, '// R-S3', '1 R-S3'],
    [here, '// P3', '1 P3'],
    [here, '// R 2.4.5', '1 2.4.5'],
    [here, '// groups 4.1.5, D5.8', '1 4.1.5'],
    [here, '// storage.md 4.1', '1 4.1'],
    [here, '/** 4.1.3: whose? */', '1 4.1.3'],
    [here, '// whose (4.1.3)?', '1 4.1.3'],
    [here, '// Kafka 4.1, 127.0.0.1, v2.4.3, 2.4-IV1, MD5, LZ4, RE2, KIP-500, 22.15 and 1.5 s', ''],
    [here, "const a = 'D9.3'", ''],
    ['src/core/group/a.ts', '// 4.1: see 4.1.3', ''],
    ['src/core/group/a.ts', '// 4.1: see 4.1.9', '1 4.1.9'],
    ['src/core/group/a.ts', '// as Kafka 3.9 and D5.8', ''],
    ['test/core/group/a.test.ts', "t.test('4.1.3 and 4.1.9: two', f)", '1 4.1.9'],
    ['test/core/group/a.test.ts', "t.test('4.1.3: 1.5 s', f, '0.5', '127.0.0.1')", ''],
    ['test/core/quorum/a.test.ts', "t.test('2.4.9, 2.4.3: two', f)", '1 2.4.9'],
    ['test/a.test.ts', 't.test(`D5.9, v${v}: D5.10`, f)', '1 D5.10'],
    ['test/a.txt', 'FindCoordinator (groups 4.1).\n\n# D5.11', '3 D5.11'],
  ]
  for (const [path, text, broken] of rows) {
    const found = unknownRules([source(path, text)], rules)
    t.equal(found.length, broken === '' ? 0 : 1, text)
    if (broken !== '') t.ok(found[0]?.startsWith(`${path}:${broken}`), found[0] ?? text)
  }
  t.equal(countCitations([source(here, '// D5.8-9 and R-S2')]), 3)
  t.same(declaredTwice(files), [])
  t.same(declaredTwice([source('a.md', '## D5 A\n- **D5.1** a\n- **D5.1** b\n')]), ['a.md:1 D5.1 is there twice'])
  const linked = source('docs/rules/a.md', '[a](b.md#c) [b](../../README.md) [c](https://a.example) [d](../gone.md)')
  t.same(linksToNowhere([linked], path => path !== 'docs/gone.md'), ['docs/rules/a.md:1 leads to ../gone.md'])
})

t.test('the table of APIs', async t => {
  const served = [
    { api: { key: 18, name: 'ApiVersions' }, versions: [0, 5], advertised: [0, 4], strictVersions: [2, 5] },
    { api: { key: 3, name: 'Metadata' }, versions: [7, 7], advertised: [7, 7], strictVersions: [7, 7] },
    { api: { key: 1, name: 'Fetch' }, versions: [0, 9], advertised: [1, 9], strictVersions: [1, 9] },
  ] as const
  t.equal(apiTable(served), [
    '| key | API | versions served | advertised |', '|---|---|---|---|',
    '| 1 | Fetch | 0-9 | 1-9 |', '| 3 | Metadata | 7 | 7 |', '| 18 | ApiVersions | 0-5 | 0-4 |',
  ].join('\n'))
  const [unlisted] = served
  t.match(apiTable([{ ...unlisted, isListed: false }]), /\| 18 \| ApiVersions \| 0-5 \| no \|$/)
  t.equal(olderVersions(served), '- Fetch v0, ApiVersions v0-1.')
  const readme = 'a\n<!-- apis -->\nold\n<!-- /apis -->\nb\n<!-- older -->\n<!-- /older -->\n'
  const fresh = withApiTable(readme, served)
  t.match(fresh, /^a\n<!-- apis -->\n\| key[\s\S]*0-4 \|\n<!-- \/apis -->\nb\n<!-- older -->\n- Fetch[^\n]*\n<!-- \/older -->\n$/)
  t.equal(withApiTable(fresh, served), fresh)
  t.throws(() => withApiTable('no place', served))
  t.throws(() => withApiTable('<!-- apis -->\n<!-- /apis -->', served), /older/)
})

t.test('tokens: code is told from strings, templates, comments and regular expressions', async t => {
  const kinds = (text: string): string => scan(text).map(({ kind, text }) => `${kind[0]}${text}`).join(' ')
  const rows: ReadonlyArray<[string, string]> = [
    ["a 'b // c' // d", "wa s'b // c' c// d"],
    ['/* a\nb */ c', 'c/* a\nb */ wc'],
    ['`a ${b + `c ${d}`} e`', 't`a ${ wb p+ t`c ${ wd t}` t} e`'],
    ['`a ${{ b: 1 }.b}`', 't`a ${ p{ wb p: n1 p} p. wb t}`'],
    ['`\\` \\${`', 't`\\` \\${`'],
    ['a / b / c', 'wa p/ wb p/ wc'],
    ['f(a) / 2 / b', 'wf p( wa p) p/ n2 p/ wb'],
    ['x = /[/"]\\/{/g', 'wx p= r/[/"]\\/{/g'],
    ['!/a/.test(b)', 'p! r/a/ p. wtest p( wb p)'],
    ['return /`/', 'wreturn r/`/'],
    ['1.5e3 0xffn .5 a..b', 'n1.5e3 n0xffn n.5 wa p. p. wb'],
    ['this.#a ?? b?.c', 'wthis p. w#a p?? wb p?. wc'],
  ]
  for (const [text, expected] of rows) t.equal(kinds(text), expected, text)
  t.same(scan('a\n`b\n${c}`\n/*\n*/d').map(({ line }) => line), [1, 2, 3, 3, 4, 5])
  t.throws(() => scan('`a'))
})

t.test('functions: where they begin and how long they are', async t => {
  const rows: ReadonlyArray<[string, string]> = [
    ['function a () {\n}', 'a 1+2'],
    ['function a (b: string): { c: number } {\n}', 'a 1+2'],
    ['function a<T extends {}> (\n  b: T,\n): Promise<Map<string, () => void>> {\n}', 'a 1+4'],
    ['class A {\n  b (): void {\n  }\n  get c (): number[] { return [] }\n}', 'b 2+2, c 4+1'],
    ['const a = (b: string): string => {\n}', 'a 1+2'],
    ['const a = async b => {\n}', 'a 1+2'],
    ["t.test('holds', async t => {\n})", "'holds' 1+2"],
    ['if (a) {\n}\nfor (const b of c) {\n}\nswitch (d) { case (e): { break } }', ''],
    ['a ? f(b) : { c: 1 }\nif (d) {}', ''],
    ['interface A { b (): void }\ntype C = (d: { e: 1 }) => void', ''],
    ['function a (b: unknown): b is { c: 1 } | undefined {\n}', 'a 1+2'],
    ['f(() => {\n  g(() => {\n  })\n})', 'f 1+4, g 2+2'],
  ]
  for (const [text, expected] of rows) {
    const found = functionsOf(text).map(({ name, line, lines }) => `${name} ${line}+${lines}`).join(', ')
    t.equal(found, expected, text)
  }
  t.throws(() => functionsOf('a )'))
})

t.test('imports: from where, and whether only types', async t => {
  const text = [
    "import a, { b } from './a.ts'", "import type { c } from '../c.ts'", "import 'd'", "export * from './e.ts'",
    "export type { f } from './f.ts'", "const g = await import('g')", "// import h from 'h'",
    "const from = 'i'", "t.test(from 'j')",
  ].join('\n')
  t.same(importsOf('src/core/x.ts', text).map(({ from, line, typeOnly }) => `${line} ${from}${typeOnly ? ' type' : ''}`), [
    '1 src/core/a.ts', '2 src/c.ts type', '3 d', '4 src/core/e.ts', '5 src/core/f.ts type', '6 g',
  ])
  t.same(importsOf('src/core/x.ts', text).map(({ names }) => names.join(' ')),
    ['default b', 'c', '', '*', 'f', '*'], 'and what')
})
