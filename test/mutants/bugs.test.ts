/** Each planted bug has its place, leaves a program that can be read, and names what finds it. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import t from 'tap'
import { root } from '../../scripts/repository.ts'
import { mutants, plant } from '../simulation/mutants.ts'
import { bugs } from './bugs.ts'

t.test('numbers are given once, in both tables', async t => {
  const numbers = [...mutants, ...bugs].map(({ number }) => number)
  t.equal(new Set(numbers).size, numbers.length)
})

t.test('each bug has its place, and what is left is a program', async t => {
  for (const bug of bugs) {
    const text = readFileSync(fileURLToPath(new URL(`../../${bug.file}`, import.meta.url)), 'utf8')
    const planted = plant(bug, text)
    t.not(planted, text, bug.breaks)
    t.doesNotThrow(() => transformSync(planted, { loader: 'js', format: 'esm', logLevel: 'silent' }), bug.breaks)
  }
})

t.test('each bug names what finds it', async t => {
  for (const { number, breaks, caughtBy } of bugs) {
    t.ok(caughtBy.length > 0, `${number} ${breaks}`)
    for (const name of caughtBy) {
      t.ok(/^seed \d+$/.test(name) || (name.endsWith('.test.ts') && existsSync(root + name)), `${number} ${name}`)
    }
  }
})
