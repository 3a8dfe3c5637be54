/**
 * The last step of the build: `dist/src/main.js` as one file. Loading four hundred modules one by one
 * took longer than everything else between the command and the first acknowledged record.
 */
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))

/** Native code and WebAssembly are found beside their own packages; pino-pretty is for terminals only. */
const OUTSIDE = ['lmdb', '@node-rs/crc32', '@bokuweb/zstd-wasm', 'pino-pretty']

/** What CommonJS packages expect to find. */
const REQUIRE = "import { createRequire as createRequireHere } from 'node:module'\n" +
  'const require = createRequireHere(import.meta.url)'

export async function bundle (): Promise<void> {
  await build({
    entryPoints: [main],
    outfile: main,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: OUTSIDE,
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'warning',
  })
  chmodSync(main, 0o755)
}
