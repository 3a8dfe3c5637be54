/**
 * `npm run container` builds the image for real and runs it twice over one volume, as a user would,
 * with `test/container/probe.mjs` for a client. smoke.sh beside this file brings its own engine.
 */
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../repository.ts'

/** What the script says when its packages cannot be installed. */
const NOT_TRIED = 77

export function main (): number {
  const { status } = spawnSync('bash', [`${root}scripts/container/smoke.sh`], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      HOSTPORT: process.env.HOSTPORT ?? '19092',
      CACHE: process.env.CACHE ?? join(tmpdir(), 'ottla-container'),
      PROBE: 'node test/container/probe.mjs',
    },
  })
  if (status === NOT_TRIED) console.log('not run: no container engine could be installed')
  return status === NOT_TRIED ? 0 : status ?? 1
}
