/**
 * Every `npm run` of ours: `node scripts/run.mjs FOLDER/NAME WORDS...` calls `main(WORDS)` of
 * scripts/FOLDER/NAME.ts, whose result is the exit code. It builds first when a source is newer
 * than the last build, so that no program runs of sources that are no more; `--built` before the
 * name takes dist as it is, for processes that a program starts of itself. Without a name it
 * builds, always.
 */
import { build, isBuilt } from './build.mjs'

const words = process.argv.slice(2)
const isAsItIs = words[0] === '--built'
const [name, ...parameters] = isAsItIs ? words.slice(1) : words

if (name === undefined) process.exitCode = await build() ? 0 : 1
else if (isAsItIs || isBuilt() || await build()) {
  const { main } = await import(`../dist/scripts/${name}.js`)
  try {
    process.exitCode = await main(parameters)
  } catch (error) {
    // What the user can mend is told in a line, a bug of ours with its place.
    console.error(error.name === 'CannotRun' ? error.message : error)
    // Stores and servers that it left open would keep the process.
    process.exit(1)
  }
} else process.exitCode = 1
