/** Module hooks that change one file of the program while it is loaded. */
import { readFileSync } from 'node:fs'
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { bugs } from '../../test/mutants/bugs.ts'
import { mutants, plant } from '../../test/simulation/mutants.ts'
import type { Mutant } from '../../test/simulation/mutants.ts'

/** What the build made one file of many: with a bug, each is loaded by itself again. */
const BUNDLED = /\/dist\/(src\/(?:main|cli\/commands))\.js$/

let planted: Mutant | undefined

export function initialize (number: number): void {
  planted = [...mutants, ...bugs].find(mutant => mutant.number === number)
  if (planted === undefined) throw new Error(`there is no mutant ${number}`)
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const bundled = BUNDLED.exec(url)?.[1]
  const isIts = planted !== undefined && url.endsWith(`/${planted.file}`)
  if (planted === undefined || (!isIts && bundled === undefined)) {
    return await nextLoad(url, context)
  }
  const text = bundled === undefined ? readFileSync(fileURLToPath(url), 'utf8') : await unbundled(url, bundled)
  return { format: 'module', source: isIts ? plant(planted, text) : text, shortCircuit: true }
}

async function unbundled (url: string, path: string): Promise<string> {
  const { transform } = await import('esbuild')
  const source = readFileSync(new URL(`${path}.ts`, url.slice(0, url.lastIndexOf('/dist/') + 1)), 'utf8')
  const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' })
  return code.replaceAll(/\.ts(["'])/g, '.js$1')
}
