/** The laws of the house, kept by reading the sources. */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { withApiTable } from '../scripts/house/api-table.ts'
import { root } from '../scripts/repository.ts'
import { handlers } from '../src/apis/index.ts'
import {
  platformsWithout, registriesIn, strangersAtTheTop, undeclaredDependencies, unusedDependencies,
} from './tidy/manifest.ts'
import { importsMakeNoCircle } from './tidy/circles.ts'
import { exportsAreUsed } from './tidy/exports.ts'
import { noDrawers, threeShelves, withoutMirror } from './tidy/names.ts'
import {
  countCitations, declaredTwice, linksToNowhere, rulesOf, unknownRules,
} from './tidy/rules.ts'
import { filesAreShort, functionsAreShort } from './tidy/sizes.ts'
import { allSources, read, tracked } from './tidy/sources.ts'
import type { Law } from './tidy/sources.ts'
import { wallsStand } from './tidy/walls.ts'
import {
  coreIsPure, everyFileOpensWithItsPurpose, everyTestRuns, nothingIsLeftToDo, noMachineIsNamed,
  ownMembersBearAHash, storeKeepsItsPath, timeoutsAreMonotonic,
} from './tidy/words.ts'

const sources = allSources()
const text = (path: string): string => readFileSync(root + path, 'utf8')
const manifest = JSON.parse(text('package.json'))

t.test('the sources keep the laws', async t => {
  const laws: ReadonlyArray<[string, Law]> = [
    ['imports go one way', wallsStand],
    ['no file needs itself', importsMakeNoCircle],
    ['what is exported is used', exportsAreUsed],
    ['core is pure', coreIsPure],
    ['the store does not block, and loses nothing', storeKeepsItsPath],
    ['what is waited for goes by the clock that nobody sets', timeoutsAreMonotonic],
    ['a file is at most 400 lines', filesAreShort],
    ['a function is at most 70 lines', functionsAreShort],
    ['no drawers', noDrawers],
    ['one name on three shelves', threeShelves],
    ['every file opens with its purpose', everyFileOpensWithItsPurpose],
    ['own members bear a hash', ownMembersBearAHash],
    ['nothing is left to do', nothingIsLeftToDo],
    ['every test runs', everyTestRuns],
  ]
  t.ok(sources.length > 100, 'the sources were found')
  for (const [name, law] of laws) t.equal(law(sources).join('\n'), '', name)
})

t.test('units without a test of their own name', async t => {
  const missing = withoutMirror(sources)
  t.comment(`${missing.length} units have no mirrored test`)
  for (const path of missing) t.comment(path)
  const units = sources.filter(({ path }) => /^(?:protocol|src)\//.test(path))
  t.ok(missing.length < units.length, 'there are mirrored tests')
})

t.test('no text names a machine', async t => {
  const texts = tracked().filter(path => !/\.gz$|^package-lock\.json$/.test(path))
  t.ok(texts.length > sources.length, 'not only sources')
  t.same(noMachineIsNamed(texts.map(read)), [])
})

t.test('every rule that is cited is in docs/rules', async t => {
  const files = tracked('docs/rules/', '.md').map(read)
  const rules = rulesOf(files)
  const texts = tracked('test/', '.md', '.jsonl', '.txt').map(read)
  const guides = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs/ARCHITECTURE.md'].map(read)
  const cited = [...sources, ...texts, ...guides]
  t.equal(unknownRules([...cited, ...files], rules).join('\n'), '')
  t.same(declaredTwice(files), [])
  t.same(linksToNowhere([...files, ...guides], path => existsSync(root + path)), [])
  const index = text('docs/rules/README.md')
  for (const [subject, known] of rules) {
    t.ok(known.size > 10, `${subject}.md has rules`)
    t.ok(index.includes(`](${subject}.md)`), `${subject}.md is in the index`)
  }
  t.ok(countCitations(cited) > 1_000, 'the citations were found')
})

t.test('handlers are named by key and serve what the schema knows', async t => {
  const files = new Set<string>()
  for (const { api, versions, advertised } of handlers) {
    const words = api.name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()
    const file = `src/apis/${String(api.key).padStart(2, '0')}-${words}.ts`
    t.ok(existsSync(root + file), `${api.key} ${api.name}`)
    files.add(file)
    t.ok(versions[0] >= api.versions[0] && versions[1] <= api.versions[1], `${api.name}: the schema knows all versions`)
    // KAFKA-18659: Produce 0-2 are listed for a client that looks for them, and not served.
    const least = api.name === 'Produce' ? 0 : versions[0]
    t.ok(advertised[0] >= least && advertised[1] <= versions[1], `${api.name}: what is advertised is served`)
  }
  const numbered = tracked('src/apis/', '.ts').filter(path => /\/\d/.test(path))
  t.same(numbered.filter(path => !files.has(path)), [], 'every handler is in the list')
  const keys = handlers.map(({ api }) => api.key)
  t.same(keys, keys.toSorted((one, other) => one - other), 'the list has the order of the keys')
})

t.test('the table of APIs in README is that of the handlers (npm run fix)', async t => {
  const readme = text('README.md')
  t.equal(withApiTable(readme), readme)
})

t.test('every program is started by npm, and npm starts no other', async t => {
  const started = Object.values<string>(manifest.scripts).flatMap(line => /^node scripts\/run\.mjs (\S+)$/.exec(line)?.[1] ?? [])
  const programs = sources.filter(({ path, text }) => /^scripts\/.*\.ts$/.test(path) && /^export (?:async )?function main\b/m.test(text))
  t.same(programs.map(({ path }) => path.replace(/^scripts\/|\.ts$/g, '')), started.toSorted())
})

t.test('the package says what is so', async t => {
  const settings = [text('tsconfig.json'), text('.taprc'), text('scripts/house/lint.json'), ...sources
    .filter(({ path }) => path.startsWith('scripts/')).map(({ text }) => text)]
  const commandsOf = (name: string): string[] => {
    const { bin = {} } = JSON.parse(text(`node_modules/${name}/package.json`))
    return typeof bin === 'string' ? [] : Object.keys(bin)
  }
  t.same(unusedDependencies(manifest, sources, settings, commandsOf), [], 'every dependency is used')
  t.same(undeclaredDependencies(manifest, sources), [], 'every import is a dependency')
  t.same(registriesIn(text('package-lock.json')), [], 'the lock installs from any registry')
  t.same(platformsWithout(JSON.parse(text('package-lock.json'))), [], 'the lock is whole for every platform')
  t.equal(manifest.license, 'Apache-2.0')
  t.match(text('LICENSE'), /^\s*Apache License\s+Version 2\.0, January 2004/)
})

t.test('the top level holds what was decided', async t => {
  t.same(strangersAtTheTop(tracked()), [])
  t.ok(tracked().length > sources.length)
})
