/**
 * `npm run honoured -- [SETTING...]`: of every setting that is said to be honoured, runs the test
 * that is named for it while the setting has no effect. A test that passes nevertheless shows
 * nothing.
 */
import { spawnSync } from 'node:child_process'
import { honouredBrokerSettings, honouredTopicSettings } from '../../src/config/honoured.ts'
import { elsewhere, topicsElsewhere } from '../../test/config/shown-elsewhere.ts'
import { compiled, root } from '../repository.ts'

const HERE = 'test/config/honoured.test.ts'
/** A test that waits for ever without the setting has seen it, too. */
const TEST_MS_MAX = 30_000

export async function main (names: readonly string[]): Promise<number> {
  const all = [
    ...[...honouredBrokerSettings].map(name => [name, elsewhere[name] ?? HERE] as const),
    ...[...honouredTopicSettings].map(name => [name, topicsElsewhere[name] ?? HERE] as const),
  ]
  const asked = all.filter(([name]) => names.length === 0 || names.includes(name))
  const unshown = asked.filter(([name, file]) => {
    const shown = failsWithout(name, file)
    console.log(`${shown ? 'shown' : 'NOT SHOWN'}  ${name}  ${file}`)
    return !shown
  })
  console.log(`${asked.length - unshown.length} shown, ${unshown.length} not shown`)
  return unshown.length === 0 ? 0 : 1
}

function failsWithout (name: string, file: string): boolean {
  // Brokers that the test starts as processes of their own are to be without it, too.
  const NODE_OPTIONS = `--import=${root}dist/scripts/house/dead-setting.js`
  const { status } = spawnSync(process.execPath, [root + compiled(file)], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS, OTTLA_DEAD_SETTING: name, TAP_BAIL: '1', ...file === HERE ? only(name) : {} },
    timeout: TEST_MS_MAX,
    stdio: 'ignore',
  })
  return status !== 0
}

/** The parts of that file that are named for the setting, and the one that shows who takes what. */
function only (name: string): Record<string, string> {
  return { TAP_GREP: `/(^|, )${name.replaceAll('.', '\\.')}(,|$)|each room/` }
}
