/**
 * A step of the build, in a process of its own: starts the broker once, and keeps what V8 has
 * compiled until it served beside the broker's file. Half of a start was compiling.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeFile, openBundle } from '../../src/cli/bundled.ts'

const bundle = openBundle()
if (bundle !== undefined) {
  const data = mkdtempSync(join(tmpdir(), 'ottla-build-'))
  try {
    const settings = ['listeners=PLAINTEXT://127.0.0.1:0', `log.dirs=${data}`]
    const exitCode = await bundle.command.run(['serve', ...settings.flatMap(each => ['--override', each])])
    if (exitCode === 0) writeFileSync(codeFile, bundle.code())
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}
process.exit()
