/** Which version of each API to speak with a broker: the highest that both know (KIP-35). */
import { code, KafkaError } from '../../protocol/errors.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import type { Api } from '../../protocol/types.ts'
import { textOf } from './address.ts'
import type { BrokerConnection } from './connection.ts'
import { ClientError } from './error.ts'

export interface Software { readonly name: string, readonly version: string }

export class Versions {
  readonly #served: ReadonlyMap<number, { readonly min: number, readonly max: number }>
  readonly #where: string

  constructor (where: string,
    apiKeys: ReadonlyArray<{ apiKey: number, minVersion: number, maxVersion: number }>) {
    this.#where = where
    this.#served = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) =>
      [apiKey, { min: minVersion, max: maxVersion }]))
  }

  /** -1 if there is none. `versionMax`: for callers that do not speak the newest. */
  find (api: Api, versionMax: number = api.versions[1]): number {
    const served = this.#served.get(api.key)
    if (served === undefined) return -1
    const version = Math.min(versionMax, api.versions[1], served.max)
    return version >= Math.max(api.versions[0], served.min) ? version : -1
  }

  /** Throws ClientError UNSUPPORTED. */
  of (api: Api, versionMax?: number): number {
    const version = this.find(api, versionMax)
    if (version >= 0) return version
    throw new ClientError('UNSUPPORTED',
      `${this.#where} does not serve ${api.name} in a version that this program knows: use a broker that does`)
  }
}

/**
 * Asks what the broker serves: first in the newest version of ApiVersions, else in that which it
 * names.
 */
export async function negotiate (
  connection: BrokerConnection, software: Software
): Promise<Versions> {
  const body = { clientSoftwareName: software.name, clientSoftwareVersion: software.version }
  let answer = await connection.request(ApiVersions, ApiVersions.versions[1], body)
  if (answer.errorCode === code.UNSUPPORTED_VERSION) {
    const named = new Versions(textOf(connection.address), answer.apiKeys).find(ApiVersions)
    answer = await connection.request(ApiVersions, Math.max(0, named), body)
  }
  if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
  return new Versions(textOf(connection.address), answer.apiKeys)
}
