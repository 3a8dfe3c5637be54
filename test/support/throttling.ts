/** KIP-219: a client that was told to wait is not read until then. */
import type { Test } from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import type { RawBroker } from './raw-broker.ts'
import type { RawClient } from './raw-client.ts'

const VERSIONS = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }

/**
 * Shows that the client's next request is answered after so many milliseconds, and not before; it
 * is of no client id, so that quotas of such do not count it.
 */
export async function throttled (
  t: Test, raw: RawBroker, client: RawClient, ms: number
): Promise<void> {
  const frames = client.frames.items.length
  const other = await raw.client()
  const ask = () => other.request(ApiVersions, 3, VERSIONS, { clientId: null })
  const answer = client.request(ApiVersions, 3, VERSIONS, { clientId: null })
  await ask()
  raw.clock.advance(ms - 1)
  await ask()
  await ask()
  t.equal(client.frames.items.length, frames, `is not read for ${ms} ms`)
  raw.clock.advance(1)
  t.equal((await answer).errorCode, 0, 'then it is')
  other.end()
}
