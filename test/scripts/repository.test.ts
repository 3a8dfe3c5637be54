/** What belongs to the repository: what git tracks, and no file that somebody has left there. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { trackedFiles } from '../../scripts/repository.ts'

const hasGit = spawnSync('git', ['--version']).error === undefined
const files = {
  '.gitignore': 'node_modules/\ndata/\n*.log\n',
  'README.md': '',
  'ottla-0.1.0.tgz': '',
  src: { 'a.ts': '', 'old.ts': '', data: { 'a.txt': '' }, 'data.ts': '' },
  node_modules: { a: { 'index.js': '' } },
  'run.log': '',
  catalog: '',
}

t.test('without git: all that .gitignore does not name', async t => {
  t.same(trackedFiles(t.testdir(files)), [
    '.gitignore', 'README.md', 'catalog', 'ottla-0.1.0.tgz', 'src/a.ts', 'src/data.ts', 'src/old.ts',
  ])
})

t.test('with git: what it tracks and what is there', { skip: hasGit ? false : 'there is no git' }, async t => {
  const folder = t.testdir(files)
  for (const words of [['init', '-q'], ['add', 'README.md', 'src']]) {
    t.equal(spawnSync('git', words, { cwd: folder }).status, 0, words.join(' '))
  }
  t.same(trackedFiles(folder), ['README.md', 'src/a.ts', 'src/data.ts', 'src/old.ts'])
  rmSync(join(folder, 'src/old.ts'))
  t.same(trackedFiles(folder), ['README.md', 'src/a.ts', 'src/data.ts'])
})
