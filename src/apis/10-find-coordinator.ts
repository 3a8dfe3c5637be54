/**
 * FindCoordinator v0-6: which broker coordinates a group (groups 1). The offsets topic is
 * made at the first question, and the answer then already names its leader.
 *
 * v1: key type. v4: several keys (KIP-699). v6: share keys.
 */
import { code, errorText, KafkaError } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import type { FindCoordinatorRequest } from '../../protocol/messages/10-find-coordinator.ts'
import { OFFSETS_TOPIC } from '../core/metadata/internal-topics.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups' | 'metadata' | 'endpoints' | 'topicCreation'>

const GROUP = 0
const TRANSACTION = 1
const SHARE = 2

/** Groups 1.2: a share's partition is found by its group, topic id and number. */
const SHARE_KEY = /^.+:[\w-]{22}:-?\d+$/

const NO_NODE = { nodeId: -1, host: '', port: -1 }

interface Found { errorCode: number, nodeId: number, host: string, port: number }

export const findCoordinator = handler(FindCoordinator, {
  versions: [0, 6], failed,
}, async (request, call, needs: Needs) => {
  const { version } = call
  const keys = version < 4 ? [request.key] : request.coordinatorKeys
  const found = await Promise.all(keys.map(key => find(key, request, call, needs)))
  if (version >= 4) {
    return {
      coordinators: keys.map((key, at) => ({ key, ...found[at] as Found, errorMessage: '' })),
      ...NO_NODE,
    }
  }
  const only = found[0] as Found
  return { ...only, errorMessage: errorText(only.errorCode), coordinators: [] }
})

function failed ({ coordinatorKeys }: FindCoordinatorRequest, { errorCode }: KafkaError) {
  const errorMessage = errorText(errorCode)
  const coordinators = coordinatorKeys.map(key => ({ key, errorCode, errorMessage, ...NO_NODE }))
  return { errorCode, errorMessage, ...NO_NODE, coordinators }
}

async function find (
  key: string, { keyType }: FindCoordinatorRequest, { version, session }: Call, needs: Needs
): Promise<Found> {
  const failed = (errorCode: number): Found => ({ errorCode, ...NO_NODE })
  if (keyType === GROUP && !needs.access.allows(session, 'describe', 'group', key)) {
    return failed(code.GROUP_AUTHORIZATION_FAILED)
  }
  if (keyType === TRANSACTION) {
    if (!needs.access.allows(session, 'describe', 'transactionalId', key)) {
      return failed(code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    }
    // There is no transaction coordinator in this release: clients must not retry for ever.
    return failed(code.UNSUPPORTED_VERSION)
  }
  if (keyType === SHARE && version >= 6) {
    // Share groups are absent from this release as well.
    return failed(SHARE_KEY.test(key) ? code.UNSUPPORTED_VERSION : code.INVALID_REQUEST)
  }
  if (keyType === SHARE) return failed(code.INVALID_REQUEST)
  // Groups 1.3: the error answer of the whole request, which has texts.
  if (keyType !== GROUP) throw new KafkaError(code.INVALID_REQUEST)
  await needs.topicCreation.ensureInternal(OFFSETS_TOPIC)
  const partition = needs.metadata.topics.partition(OFFSETS_TOPIC, needs.groups.partitionFor(key))
  const node = needs.endpoints.alive(session).find(({ nodeId }) => nodeId === partition?.leader)
  return node === undefined
    ? failed(code.COORDINATOR_NOT_AVAILABLE)
    : { errorCode: code.NONE, nodeId: node.nodeId, host: node.host, port: node.port }
}
