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
import { shareGroupsAbsent, tellOfAbsence, transactionsAbsent } from './absences.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups' | 'metadata' | 'endpoints' | 'notices' | 'topicCreation'>

const GROUP = 0
const TRANSACTION = 1
const SHARE = 2

/** Groups 1.2: a share's partition is found by its group, topic id and number. */
const SHARE_KEY = /^.+:[\w-]{22}:-?\d+$/

const NO_NODE = { nodeId: -1, host: '', port: -1 }

interface Found {
  errorCode: number
  nodeId: number
  host: string
  port: number
  /** Undefined: the version's usual one. */
  errorMessage?: string
}

export const findCoordinator = handler(FindCoordinator, {
  versions: [0, 6], hasShortAnswer: true, failed,
}, async (request, call, needs: Needs) => {
  const { version } = call
  const keys = version < 4 ? [request.key] : request.coordinatorKeys
  const found = await Promise.all(keys.map(key => find(key, request, call, needs)))
  if (version >= 4) {
    return {
      coordinators: keys.map((key, at) => ({ key, errorMessage: '', ...found[at] as Found })),
      ...NO_NODE,
    }
  }
  const only = found[0] as Found
  return { errorMessage: errorText(only.errorCode), ...only, coordinators: [] }
})

function failed ({ coordinatorKeys }: FindCoordinatorRequest, { errorCode }: KafkaError) {
  const errorMessage = errorText(errorCode)
  const coordinators = coordinatorKeys.map(key => ({ key, errorCode, errorMessage, ...NO_NODE }))
  return { errorCode, errorMessage, ...NO_NODE, coordinators }
}

/** Clients and people are told why: the error alone makes some clients try again for ever. */
function absent (errorMessage: string, call: Call, { notices }: Needs): Found {
  tellOfAbsence(errorMessage, call, notices)
  return { errorCode: code.UNSUPPORTED_VERSION, errorMessage, ...NO_NODE }
}

async function find (
  key: string, { keyType }: FindCoordinatorRequest, call: Call, needs: Needs
): Promise<Found> {
  const { version, session } = call
  const failed = (errorCode: number): Found => ({ errorCode, ...NO_NODE })
  if (keyType === GROUP && !needs.access.allows(session, 'describe', 'group', key)) {
    return failed(code.GROUP_AUTHORIZATION_FAILED)
  }
  if (keyType === TRANSACTION) {
    if (!needs.access.allows(session, 'describe', 'transactionalId', key)) {
      return failed(code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    }
    return absent(transactionsAbsent(key), call, needs)
  }
  if (keyType === SHARE && version >= 6) {
    return SHARE_KEY.test(key)
      ? absent(shareGroupsAbsent(key), call, needs)
      : failed(code.INVALID_REQUEST)
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
