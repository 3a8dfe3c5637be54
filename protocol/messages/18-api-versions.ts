import {
  api, bool, int16, int32, int64, list, nullable, or, since, string, tagged,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Tells which APIs, versions and features the broker has. The response header stays at v0 in every
 * version (KIP-511).
 */
export const ApiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 5],
  flexible: 3,
  request: {
    clientSoftwareName: since(3, string),
    clientSoftwareVersion: since(3, string),
    clusterId: since(5, nullable(string), null),
    nodeId: since(5, int32, -1),
  },
  response: {
    errorCode: or(int16, 0),
    apiKeys: list({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: since(1, int32, 0),
    supportedFeatures: tagged(0, 3, list({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })),
    finalizedFeaturesEpoch: tagged(1, 3, int64, -1n),
    finalizedFeatures: tagged(2, 3, list({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })),
    zkMigrationReady: tagged(3, 3, bool, false),
  },
})

export interface ApiVersionsRequest extends RequestOf<typeof ApiVersions> {}
export interface ApiVersionsResponse extends ResponseOf<typeof ApiVersions> {}
