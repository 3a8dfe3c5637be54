/**
 * The last step of the build: the broker as one file, and the other commands as a second one, which
 * a broker's start need not read. Loading four hundred modules one by one took longer than
 * everything else between the command and the first acknowledged record. The broker's is CommonJS:
 * as a module, each part of Node's library that it imports is loaded with all that its properties
 * lead to, and it waits for the loader.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { writePublicTypes } from './public-types.ts'

const inBuild = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const main = inBuild('main.js')
const broker = inBuild('cli/broker-command')
const commands = inBuild('cli/commands.js')

/**
 * Native code and WebAssembly are found beside their own packages; pino-pretty is for terminals
 * only.
 */
const OUTSIDE = ['lmdb', '@node-rs/crc32', '@bokuweb/zstd-wasm', 'pino-pretty']

/** What CommonJS packages expect to find in a module. */
const REQUIRE = "import { createRequire as createRequireHere } from 'node:module'\n" +
  'const require = createRequireHere(import.meta.url)'

/** And what modules expect to find in CommonJS. */
const PLACE = "const placeHere = require('node:url').pathToFileURL(__filename).href"

const START_MS_MAX = 30_000

const common = { bundle: true, platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'warning' } as const

export async function bundle (): Promise<void> {
  // Among the other commands `serve` is only spoken of; the broker itself is in the first file.
  await build({
    ...common,
    entryPoints: [commands],
    outfile: commands,
    allowOverwrite: true,
    format: 'esm',
    external: [...OUTSIDE, inBuild('cli/serve.js')],
    banner: { js: REQUIRE },
  })
  const { outputFiles } = await build({
    ...common,
    entryPoints: [`${broker}.js`],
    outfile: `${broker}.cjs`,
    write: false,
    format: 'cjs',
    external: [...OUTSIDE],
    banner: { js: PLACE },
    define: { 'import.meta.url': 'placeHere' },
  })
  // Comments alone have other characters still; without them a character is a byte.
  for (const { path, text } of outputFiles) writeFileSync(path, text.replaceAll(/[^\0-\x7f]/g, '?'))
  keepCode()
  chmodSync(main, 0o755)
  writePublicTypes()
}

/**
 * What V8 compiles of the broker (`src/cli/bundled.ts`). A build for which it cannot be started
 * goes without.
 */
function keepCode (): void {
  // V8 knows the code of another file by its length alone.
  for (const name of readdirSync(dirname(broker))) {
    if (name.endsWith('.code')) rmSync(join(dirname(broker), name))
  }
  const environment = { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: 'error' }
  const options = { env: environment, timeout: START_MS_MAX, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('broker-code.js', import.meta.url))], options)
  if (status !== 0) console.warn(`the broker was not started, and compiles itself at each start: ${stdout}${stderr}`)
}
