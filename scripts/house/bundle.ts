/**
 * The last step of the build: `dist/src/main.js`, which is the broker, as one file, and the other
 * commands as a second one, which a broker's start need not read. Loading four hundred modules one by
 * one took longer than everything else between the command and the first acknowledged record.
 */
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { writePublicTypes } from './public-types.ts'

const inBuild = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const main = inBuild('main.js')
const commands = inBuild('cli/commands.js')

/** Native code and WebAssembly are found beside their own packages; pino-pretty is for terminals only. */
const OUTSIDE = ['lmdb', '@node-rs/crc32', '@bokuweb/zstd-wasm', 'pino-pretty']

/** What CommonJS packages expect to find. */
const REQUIRE = "import { createRequire as createRequireHere } from 'node:module'\n" +
  'const require = createRequireHere(import.meta.url)'

export async function bundle (): Promise<void> {
  // Among the other commands `serve` is only spoken of; the broker itself is in the first file.
  await bundleOne(commands, [inBuild('cli/serve.js')])
  await bundleOne(main, [commands])
  chmodSync(main, 0o755)
  writePublicTypes()
}

async function bundleOne (file: string, apart: readonly string[]): Promise<void> {
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: [...OUTSIDE, ...apart],
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'warning',
  })
}
