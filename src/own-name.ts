/** This machine's own name, for listeners whose address says nothing to others. */
import { hostname } from 'node:os'
import { ConfigError } from './config/error.ts'
import { needsOwnName } from './config/network.ts'
import type { Network } from './config/network.ts'
import { canonicalHostName } from './process-environment.ts'

/** A slow name service holds no start up for longer where no client is told what it answers. */
const OWN_NAME_MS_MAX = 100

/**
 * This machine's name, empty if nobody has to know it. Rejects with ConfigError if clients are to
 * be told the name and there is none.
 */
export function ownNameFor (
  network: Network, { setTimer }: { setTimer (delayMs: number, run: () => void): unknown }
): Promise<string> {
  const name = ownName(network, setTimer)
  // It is asked for at once and waited for later, if the start comes that far.
  name.catch(() => {})
  return name
}

async function ownName (
  network: Network, setTimer: (delayMs: number, run: () => void) => unknown
): Promise<string> {
  if (!needsOwnName(network)) return ''
  if (network.advertised === undefined) {
    const late =
      new Promise<string>(resolve => { setTimer(OWN_NAME_MS_MAX, () => { resolve(hostname()) }) })
    return await Promise.race([canonicalHostName().catch(() => hostname()), late])
  }
  try {
    return await canonicalHostName()
  } catch (error) {
    throw new ConfigError(`advertised.listeners has no host, and this machine's own name, ${hostname()}, is not known ` +
      `(${(error as Error).message}). Name the host that clients shall use.`)
  }
}
