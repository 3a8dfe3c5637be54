/**
 * ApiVersions v0-5: what this broker serves, straight from the list of handlers (D1).
 *
 * v3: client software name and version (KIP-511), features (KIP-584).
 * v4: supported features with minimum 0 are shown (KAFKA-17011).
 * v5: the client says which cluster and node it means (KIP-1242).
 */
import { code } from '../../protocol/errors.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import type { ApiVersionsRequest } from '../../protocol/messages/18-api-versions.ts'
import { KRAFT_VERSION } from '../core/metadata/features.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'served' | 'clusterId' | 'nodeId' | 'supportedFeatures' | 'metadata' | 'quorum'>

/** D1.2 */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export const apiVersions = handler(ApiVersions, {
  versions: [0, 5], hasShortAnswer: true,
  failed: (_request, { errorCode }) => ({ errorCode, apiKeys: [] }),
}, (request, call, needs: Needs) => {
  const { version, session } = call
  const errorCode = check(request, version, needs)
  if (errorCode !== code.NONE) return { errorCode, apiKeys: [] }
  session.softwareName = request.clientSoftwareName
  session.softwareVersion = request.clientSoftwareVersion
  const { features, lastAppliedOffset } = needs.metadata
  return {
    apiKeys: needs.served.map(({ key, versions: [minVersion, maxVersion] }) =>
      ({ apiKey: key, minVersion, maxVersion })),
    supportedFeatures: needs.supportedFeatures.filter(
      ({ minVersion }) => version >= 4 || minVersion > 0
    ),
    finalizedFeaturesEpoch: lastAppliedOffset,
    // D1.5: level 0 is left out; minimum and maximum are both the level.
    finalizedFeatures: [...features.all, [KRAFT_VERSION, needs.quorum.kraftVersion] as const]
      .filter(([, level]) => level > 0)
      .map(([name, level]) => ({ name, minVersionLevel: level, maxVersionLevel: level })),
  }
})

function check (request: ApiVersionsRequest, version: number, needs: Needs): number {
  const { clientSoftwareName, clientSoftwareVersion, clusterId, nodeId } = request
  if (version >= 3 &&
    !(SOFTWARE.test(clientSoftwareName) && SOFTWARE.test(clientSoftwareVersion))) {
    return code.INVALID_REQUEST
  }
  // KIP-1242: both or neither.
  if ((clusterId === null) !== (nodeId === -1)) return code.INVALID_REQUEST
  if (clusterId !== null && (clusterId !== needs.clusterId || nodeId !== needs.nodeId)) {
    return code.REBOOTSTRAP_REQUIRED
  }
  return code.NONE
}
