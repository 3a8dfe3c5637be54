/**
 * The life of a broker as the controller decides it (2.5, KIP-631):
 * registered and fenced → unfenced (caught up with its registration, and wants to) → in controlled
 * shutdown (wants to stop, still leads) → fenced. A session that ends fences from any state.
 */
import { code } from '../../../protocol/errors.ts'
import type {
  BrokerHeartbeatRequest, BrokerHeartbeatResponse,
} from '../../../protocol/messages/63-broker-heartbeat.ts'
import type {
  UnregisterBrokerRequest, UnregisterBrokerResponse,
} from '../../../protocol/messages/64-unregister-broker.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { BrokerRegistration } from '../metadata/facts.ts'
import { brokerChangeEntry } from '../metadata/brokers.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { hasCordonedLogDirs, hasDirectoryAssignment } from '../metadata/record-versions.ts'
import {
  beginControlledShutdown, fence, loseDirectories, unfence, unregister,
} from './broker-departure.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { Heartbeat, Sessions } from './sessions.ts'

type View = Pick<ControllerView, 'image' | 'settings'>
type SessionView = View & { readonly sessions: Sessions, readonly monotonicMs: number }

/** R 2.5.2: every request of a broker carries its epoch, so that an earlier process is refused. */
export function brokerEpochProblem (
  image: MetadataImage, brokerId: number, brokerEpoch: bigint
): Failure | undefined {
  const broker = image.brokers.get(brokerId)
  if (broker === undefined) {
    return failure(code.STALE_BROKER_EPOCH, `No broker registration found for broker id ${brokerId}`)
  }
  if (broker.epoch === brokerEpoch) return undefined
  return failure(code.STALE_BROKER_EPOCH,
    `Expected broker epoch ${broker.epoch}, but got broker epoch ${brokerEpoch}`)
}

type State = 'fenced' | 'unfenced' | 'controlledShutdown' | 'shutdownNow'

/**
 * BrokerHeartbeat. Besides records and reply: what the session learns, for `Sessions.heard` once
 * the records are written; undefined for a broker that is refused.
 */
export function brokerHeartbeat (
  request: BrokerHeartbeatRequest, view: SessionView
): ControllerResult<BrokerHeartbeatResponse> & { readonly heartbeat: Heartbeat | undefined } {
  const { image } = view
  const { brokerId, brokerEpoch, currentMetadataOffset } = request
  const problem = brokerEpochProblem(image, brokerId, brokerEpoch)
  const broker = image.brokers.get(brokerId)
  if (problem !== undefined || broker === undefined) {
    const errorCode = problem?.errorCode ?? code.STALE_BROKER_EPOCH
    return { records: nothing, reply: { errorCode, shouldShutDown: false }, heartbeat: undefined }
  }
  const state = stateOf(broker)
  const next = nextState(state, request, broker, view)
  const fenced = next === 'fenced' || next === 'shutdownNow'
  const inControlledShutdown = next === 'controlledShutdown'
  return {
    records: [
      ...next === state ? nothing : transition(next, broker, view),
      ...directoryChanges(request, broker, view),
    ],
    reply: {
      isCaughtUp: currentMetadataOffset >= broker.epoch,
      isFenced: fenced,
      shouldShutDown: next === 'shutdownNow',
    },
    heartbeat: {
      brokerId,
      epoch: brokerEpoch,
      metadataOffset: currentMetadataOffset,
      fenced,
      inControlledShutdown,
    },
  }
}

function stateOf (broker: BrokerRegistration): State {
  if (broker.fenced) return 'fenced'
  return broker.inControlledShutdown ? 'controlledShutdown' : 'unfenced'
}

function nextState (
  state: State, request: BrokerHeartbeatRequest, broker: BrokerRegistration, view: SessionView
): State {
  const { wantFence, wantShutDown, currentMetadataOffset } = request
  switch (state) {
    case 'fenced':
      if (wantShutDown) return 'shutdownNow'
      // R 2.5.5: the epoch is where its registration begins, and a batch is applied as a whole.
      return !wantFence && currentMetadataOffset >= broker.epoch ? 'unfenced' : 'fenced'
    case 'unfenced':
      if (wantFence) return wantShutDown ? 'shutdownNow' : 'fenced'
      if (!wantShutDown) return 'unfenced'
      return hasLeaderships(broker.id, view.image) ? 'controlledShutdown' : 'shutdownNow'
    default:
      return mayStop(broker, view) ? 'shutdownNow' : 'controlledShutdown'
  }
}

/** R 2.5.6: it leads nothing, and all active brokers have seen who leads instead. */
function mayStop ({ id }: BrokerRegistration, { image, sessions }: SessionView): boolean {
  if (hasLeaderships(id, image)) return false
  const lowest = sessions.lowestActiveOffset(image)
  return lowest === undefined || sessions.controlledShutdownOffset(id) <= lowest
}

function hasLeaderships (brokerId: number, image: MetadataImage): boolean {
  for (const { partitions } of image.topics) {
    if (partitions.some(({ leader }) => leader === brokerId)) return true
  }
  return false
}

function transition (
  next: State, broker: BrokerRegistration, view: View
): readonly MetadataEntry[] {
  switch (next) {
    case 'unfenced': return unfence(broker, view)
    case 'controlledShutdown': return beginControlledShutdown(broker, view)
    case 'shutdownNow': return broker.fenced ? nothing : fence(broker, view)
    default: return fence(broker, view)
  }
}

function directoryChanges (
  { offlineLogDirs, cordonedLogDirs }: BrokerHeartbeatRequest,
  broker: BrokerRegistration, view: View
): MetadataEntry[] {
  const { metadataVersion } = view.image
  const entries: MetadataEntry[] = []
  if (hasDirectoryAssignment(metadataVersion)) {
    entries.push(...loseDirectories(broker, offlineLogDirs, view))
  }
  if (hasCordonedLogDirs(metadataVersion) && cordonedLogDirs !== null) {
    const before = broker.cordonedLogDirs ?? []
    const same = cordonedLogDirs.length === before.length &&
      cordonedLogDirs.every(logDir => before.includes(logDir))
    if (!same) entries.push(brokerChangeEntry(broker, { cordonedLogDirs }))
  }
  return entries
}

/**
 * R 2.5.4: fences the broker that was silent longest, if its session has ended. One at a time, so
 * that the next decision sees who is left; ask again until it is undefined.
 */
export function fenceExpired (
  view: SessionView
): ControllerResult<{ brokerId: number }> | undefined {
  const brokerId = view.sessions.firstExpired(view.image, view.monotonicMs)
  const broker = brokerId === undefined ? undefined : view.image.brokers.get(brokerId)
  if (broker === undefined) return undefined
  return { records: fence(broker, view), reply: { brokerId: broker.id } }
}

export function unregisterBroker (
  { brokerId }: UnregisterBrokerRequest, view: View
): ControllerResult<UnregisterBrokerResponse> {
  const broker = view.image.brokers.get(brokerId)
  if (broker === undefined) {
    const text = `Broker ID ${brokerId} is not currently registered`
    return { records: nothing, reply: failure(code.BROKER_ID_NOT_REGISTERED, text) }
  }
  const records = unregister(broker, view)
  if (exceedsBatch(records)) return { records: nothing, reply: tooManyRecords }
  return { records, reply: { errorMessage: null } }
}
