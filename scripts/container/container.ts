/**
 * `npm run container` builds the image for real and runs it twice over one volume, as a user would
 * (read-only root, no capabilities, not root), with `test/container/probe.mjs` for a client.
 *
 * The smoke script beside the repository brings its own engine; where it is not, there is nothing to run.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { root } from '../repository.ts'

const SMOKE = `${root}../shared/container/podman-smoke.sh`
const HOST_PORT = process.env.HOSTPORT ?? '19092'
/** What the script says when its packages cannot be installed. */
const NOT_TRIED = 77

export function main (): number {
  if (!existsSync(SMOKE)) {
    console.log('not run: there is no ../shared/container')
    return 0
  }
  const { status } = spawnSync('bash', [SMOKE, root], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      HOSTPORT: HOST_PORT,
      PROBE: 'node test/container/probe.mjs',
      RUN_ARGS: `-e KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:${HOST_PORT}`,
    },
  })
  if (status === NOT_TRIED) console.log('not run: no container engine could be installed')
  return status === NOT_TRIED ? 0 : status ?? 1
}
