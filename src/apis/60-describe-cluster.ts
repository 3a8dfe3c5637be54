/**
 * DescribeCluster v0-2: the cluster's id and brokers (D4).
 *
 * v1: endpoint type (KIP-919). v2: fenced brokers (KIP-1073).
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import { authorizedOperations, CLUSTER_NAME, NOT_ASKED } from '../core/access/access.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'endpoints' | 'clusterId'>

const BROKERS = 1
const CONTROLLERS = 2

export const describeCluster = handler(DescribeCluster, { versions: [0, 2], failed },
  (request, { version, session }, { access, endpoints, clusterId }: Needs) => {
    const { endpointType } = request
    if (endpointType !== BROKERS) {
      const isUnknown = endpointType !== CONTROLLERS
      return {
        errorCode: isUnknown
          ? version === 0 ? code.INVALID_REQUEST : code.UNSUPPORTED_ENDPOINT_TYPE
          : code.MISMATCHED_ENDPOINT_TYPE,
        errorMessage: isUnknown
          ? `Unsupported endpoint type ${endpointType}`
          : 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
        clusterId: '',
        brokers: [],
      }
    }
    const brokers =
      endpoints.registered(session).filter(({ fenced }) => !fenced || request.includeFencedBrokers)
    const controllerId = endpoints.controllerId(session)
    return {
      clusterId,
      controllerId: brokers.some(({ nodeId }) => nodeId === controllerId) ? controllerId : -1,
      brokers: brokers.map(({ nodeId, host, port, rack, fenced }) =>
        ({ brokerId: nodeId, host, port, rack, isFenced: fenced })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? access.allows(session, 'describe', 'cluster', CLUSTER_NAME)
          ? authorizedOperations(access, session, 'cluster', CLUSTER_NAME)
          : 0
        : NOT_ASKED,
    }
  })

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, clusterId: '', brokers: [] }
}
