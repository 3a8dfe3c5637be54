/** How brokers and controllers enter the cluster (R 2.5.3, KIP-631, KIP-919). */
import { code } from '../../../protocol/errors.ts'
import type {
  BrokerRegistrationRequest, BrokerRegistrationResponse,
} from '../../../protocol/messages/62-broker-registration.ts'
import type {
  ControllerRegistrationRequest, ControllerRegistrationResponse,
} from '../../../protocol/messages/70-controller-registration.ts'
import type {
  UnregisterControllerRequest, UnregisterControllerResponse,
} from '../../../protocol/messages/94-unregister-controller.ts'
import {
  RegisterBrokerRecord, RegisterControllerRecord, UnregisterControllerRecord,
} from '../../../protocol/stored/metadata-brokers.ts'
import { isReservedDirectory } from '../metadata/directory.ts'
import { METADATA_VERSION } from '../metadata/features.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { hasDirectoryAssignment, registerBrokerVersion } from '../metadata/record-versions.ts'
import { succeedShutdown } from './broker-departure.ts'
import { nothing } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { Sessions } from './sessions.ts'

type View = Pick<ControllerView, 'image' | 'settings' | 'nextOffset'> &
  { readonly sessions: Sessions, readonly monotonicMs: number }

/**
 * BrokerRegistration. The epoch that it answers is where its records begin in the metadata log;
 * a process that registers again keeps the epoch that it has. The response has no room for a text,
 * so the reason of a refusal is given beside it, for the log.
 */
export function registerBroker (
  request: BrokerRegistrationRequest, view: View
): ControllerResult<BrokerRegistrationResponse> & { readonly problem?: string | null } {
  const problem = sessionProblem(request, view) ?? directoryProblem(request, view.image) ??
    featureProblem(request, view.image)
  if (problem !== undefined) {
    const { errorCode, errorMessage } = problem
    return { records: nothing, reply: { errorCode, brokerEpoch: -1n }, problem: errorMessage }
  }
  const { image, nextOffset } = view
  const { brokerId, incarnationId } = request
  const before = image.brokers.get(brokerId)
  const sameProcess = before?.incarnationId === incarnationId ? before : undefined
  const clean = before === undefined || request.previousBrokerEpoch === before.epoch
  const brokerEpoch = sameProcess?.epoch ?? nextOffset
  const { metadataVersion } = image
  const record = fullEntry(RegisterBrokerRecord, registerBrokerVersion(metadataVersion), {
    brokerId,
    isMigratingZkBroker: false,
    incarnationId,
    brokerEpoch,
    endPoints: request.listeners,
    features: request.features,
    rack: request.rack,
    fenced: sameProcess?.fenced ?? true,
    inControlledShutdown: sameProcess?.inControlledShutdown ?? false,
    logDirs: hasDirectoryAssignment(metadataVersion) ? request.logDirs : [],
    cordonedLogDirs: null,
  })
  const cleanUp = sameProcess === undefined ? succeedShutdown(brokerId, clean, view) : nothing
  return { records: [...cleanUp, record], reply: { brokerEpoch } }
}

function sessionProblem (request: BrokerRegistrationRequest, view: View): Failure | undefined {
  const { clusterId, nodeId } = view.settings
  const { brokerId, incarnationId } = request
  if (request.clusterId !== clusterId) {
    return failure(code.INCONSISTENT_CLUSTER_ID,
      `Expected cluster ID ${clusterId}, but got cluster ID ${request.clusterId}`)
  }
  const before = view.image.brokers.get(brokerId)
  // This node's own earlier process has ended, or its data would be locked: nothing to wait for.
  const maybeAlive = before !== undefined && brokerId !== nodeId &&
    view.sessions.isLive(brokerId, before.epoch, view.monotonicMs)
  if (maybeAlive && before.incarnationId !== incarnationId) {
    return failure(code.DUPLICATE_BROKER_REGISTRATION,
      'Another broker is registered with that broker id. If the broker was recently restarted ' +
      'this should self-resolve once the heartbeat manager expires the broker\'s session.')
  }
  if (request.isMigratingZkBroker) {
    return failure(code.BROKER_ID_NOT_REGISTERED, 'Controller does not support registering ZK brokers.')
  }
  return undefined
}

function directoryProblem (
  { brokerId, logDirs }: BrokerRegistrationRequest, image: MetadataImage
): Failure | undefined {
  if (!hasDirectoryAssignment(image.metadataVersion)) return undefined
  const invalid = (text: string): Failure => failure(code.INVALID_REGISTRATION, text)
  if (logDirs.length === 0) return invalid('No directories specified in request')
  if (logDirs.some(isReservedDirectory)) return invalid('Reserved directory ID in request')
  if (new Set(logDirs).size !== logDirs.length) return invalid('Duplicate directory ID in request')
  for (const other of image.brokers) {
    const shared = other.id === brokerId
      ? undefined
      : other.logDirs.find(id => logDirs.includes(id))
    if (shared !== undefined) {
      return invalid(`Broker ${other.id} is already registered with directory ${shared}`)
    }
  }
  return undefined
}

/** A broker that cannot read what is finalized would misread the log. */
function featureProblem (
  { features }: BrokerRegistrationRequest, image: MetadataImage
): Failure | undefined {
  const ranges = new Map(features.map(feature => [feature.name, feature]))
  for (const { name, minSupportedVersion, maxSupportedVersion } of features) {
    const level = image.features.level(name)
    if (level > 0 && (level < minSupportedVersion || level > maxSupportedVersion)) {
      return unsupported(name, level, minSupportedVersion, maxSupportedVersion)
    }
  }
  if (!ranges.has(METADATA_VERSION)) {
    return failure(code.INVALID_REGISTRATION, 'Request features do not contain \'metadata.version\'')
  }
  for (const [name, level] of image.features.all) {
    if (!ranges.has(name)) return unsupported(name, level, 0, 0)
  }
  return undefined
}

function unsupported (name: string, level: number, min: number, max: number): Failure {
  return failure(code.UNSUPPORTED_VERSION,
    `Unable to register because the broker does not support finalized version ${level} of ${name}. ` +
    `The broker wants a version between ${min} and ${max}, inclusive.`)
}

export function registerController (
  request: ControllerRegistrationRequest
): ControllerResult<ControllerRegistrationResponse> {
  const { controllerId, incarnationId, zkMigrationReady, listeners, features } = request
  const record = fullEntry(RegisterControllerRecord, 0, {
    controllerId, incarnationId, zkMigrationReady, endPoints: listeners, features,
  })
  return { records: [record], reply: { errorMessage: null } }
}

/** KIP-1312. */
const CONTROLLER_UNREGISTRATION = 33

/** KIP-1312: only of a controller that votes no more. */
export function unregisterController (
  { controllerId }: UnregisterControllerRequest, voterIds: readonly number[],
  { image }: Pick<View, 'image'>
): ControllerResult<UnregisterControllerResponse> {
  const refuse = (
    errorCode: number, text: string
  ): ControllerResult<UnregisterControllerResponse> =>
    ({ records: nothing, reply: failure(errorCode, text) })
  if (voterIds.includes(controllerId)) {
    return refuse(code.INVALID_REQUEST,
      `Cannot unregister controller ${controllerId} because it is part of the voter set.`)
  }
  if (image.metadataVersion < CONTROLLER_UNREGISTRATION) {
    return refuse(code.UNSUPPORTED_VERSION,
      'The current MetadataVersion is too old to support controller unregistration.')
  }
  if (image.controllers.get(controllerId) === undefined) {
    return refuse(code.CONTROLLER_ID_NOT_REGISTERED,
      `Controller ID ${controllerId} is not currently registered.`)
  }
  const record = fullEntry(UnregisterControllerRecord, 0, { controllerId })
  return { records: [record], reply: { errorMessage: null } }
}
