/**
 * The composition root: from a store and an environment to a broker that answers decoded requests.
 * No sockets here, so that the simulator runs the same code; `index.ts` adds the listeners. The
 * only file that knows every room.
 */
import { everybodyMayEverything } from './core/access/access.ts'
import { bootstrapRecords } from './core/controller/bootstrap.ts'
import type { ControllerSettings } from './core/controller/decision.ts'
import { Sessions } from './core/controller/sessions.ts'
import { clientMatch } from './config/client-match.ts'
import { ClientInstances } from './core/telemetry/client-instances.ts'
import { ClientQuotas } from './core/quota/client-quotas.ts'
import { FetchSessionCache } from './core/fetch/fetch-session.ts'
import { supportedFeatures } from './core/metadata/features.ts'
import type { MetadataImage } from './core/metadata/image.ts'
import type { BrokerRegistrationRequest } from '../protocol/messages/62-broker-registration.ts'
import type { Broker } from './apis/broker.ts'
import { strictly } from './apis/handler.ts'
import { handlers } from './apis/index.ts'
import { createDispatch } from './server/dispatch.ts'
import type { Dispatch } from './server/dispatch.ts'
import type { BrokerSettings, TopicSettingsSource } from './runtime/broker-settings.ts'
import type { Configuration, LiveSettings } from './runtime/configuration.ts'
import { Cleaner } from './runtime/cleaner/cleaner.ts'
import { Controller } from './runtime/controller/controller.ts'
import { ControllerDuties } from './runtime/controller/duties.ts'
import { CurrentSettings } from './runtime/current-settings.ts'
import { Endpoints } from './runtime/endpoints.ts'
import type { Environment } from './runtime/environment.ts'
import { followMetadata } from './runtime/followers.ts'
import { GroupCoordinator } from './runtime/coordinator/group-coordinator.ts'
import { Loggers } from './runtime/loggers.ts'
import type { LevelControl } from './runtime/loggers.ts'
import { Notices } from './runtime/notices.ts'
import { Lifecycle } from './runtime/lifecycle.ts'
import { MetadataRuntime } from './runtime/metadata.ts'
import type { LogDirectory } from './runtime/replica/log-directory.ts'
import { ProducerIds } from './runtime/producer-ids.ts'
import { openQuorum } from './runtime/quorum/quorum.ts'
import type { QuorumRuntime } from './runtime/quorum/quorum.ts'
import { Replicas } from './runtime/replica/replicas.ts'
import { Timers } from './runtime/timers.ts'
import { TopicCreation } from './runtime/topic-creation.ts'
import type { Store } from './store/store.ts'

export interface BrokerParts {
  /** R-S2: the process must stop, and starts again from what is on the disk. */
  onFailed (error: unknown): void
  readonly store: Store
  readonly environment: Environment
  readonly settings: BrokerSettings
  readonly topicSettings: TopicSettingsSource
  readonly configuration: Configuration
  /** The least level that the environment's log says. */
  readonly logLevel: LevelControl
  readonly controllerSettings: ControllerSettings
  readonly clusterId: string
  readonly registration: BrokerRegistrationRequest
  readonly logDirectory: LogDirectory
  /** Listeners with an advertised address of their own. */
  readonly advertised: ReadonlySet<string>
}

/** What handlers are given, and the whole of each part for those who look inside. */
export type AssembledBroker = ReturnType<typeof brokerOf>

export interface RunningBroker {
  readonly broker: AssembledBroker
  readonly dispatch: Dispatch
  readonly brokerEpoch: bigint
  readonly cleaner: Cleaner
  /** Called at once and whenever one of these settings changes. */
  onLiveSettings (listener: (settings: LiveSettings) => void): void
  /** Leaves the cluster in order; the store stays open. */
  stop (): Promise<void>
}

/**
 * Starts everything from decoded requests down; resolves when the broker is unfenced and can serve.
 */
export async function assembleBroker (parts: BrokerParts): Promise<RunningBroker> {
  const rooms = openRooms(parts)
  const { quorum, metadata, image, controller, replicas, groups, duties, cleaner } = rooms
  const shardsLoaded = followMetadata(rooms)
  await quorum.start()
  await duties.becomeActive(() => bootstrapRecords(parts.controllerSettings.minInsyncReplicas))
  const lifecycle = new Lifecycle({
    controller,
    image,
    environment: parts.environment,
    registration: parts.registration,
    heartbeatMs: parts.settings.brokerHeartbeatMs,
    isCordoned: () => rooms.currentSettings.now.isCordoned,
  })
  await lifecycle.start()
  await shardsLoaded()
  if (parts.settings.cleanerEnabled) cleaner.start()
  const broker = brokerOf(parts, rooms, lifecycle)
  return {
    broker,
    dispatch: createDispatch(parts.settings.strict ? strictly(handlers) : handlers, broker),
    brokerEpoch: lifecycle.brokerEpoch,
    cleaner,
    onLiveSettings: listener => { rooms.currentSettings.onChange(listener) },
    stop: async () => {
      await lifecycle.stop()
      duties.stop()
      await cleaner.stop()
      replicas.stop()
      groups.close()
      metadata.stop()
      await quorum.stop()
    },
  }
}

interface Rooms {
  readonly quorum: QuorumRuntime
  readonly metadata: MetadataRuntime
  readonly image: MetadataImage
  readonly controller: Controller
  readonly duties: ControllerDuties
  readonly notices: Notices
  readonly replicas: Replicas
  readonly cleaner: Cleaner
  readonly groups: GroupCoordinator
  readonly currentSettings: CurrentSettings
  readonly quotas: ClientQuotas
  readonly telemetry: ClientInstances
}

/** Nothing runs yet. */
function openRooms (parts: BrokerParts): Rooms {
  const { store, environment, settings } = parts
  const quorum = openQuorum({
    store,
    environment,
    nodeId: settings.nodeId,
    clusterId: parts.clusterId,
    directoryId: parts.registration.logDirs[0] as string,
    timeouts: settings.quorum,
    onFailed: error => { parts.onFailed(error) },
  })
  const metadata = new MetadataRuntime(quorum, environment, settings.metadataSnapshots)
  const { image } = metadata
  const currentSettings =
    new CurrentSettings({ configuration: parts.configuration, image, log: environment.log })
  const sessions = new Sessions(settings.brokerSessionMs)
  const notices = new Notices(environment)
  const controllerParts = {
    quorum, image, environment, notices, sessions, settings: parts.controllerSettings,
  }
  const controller = new Controller(controllerParts)
  const replicas = new Replicas({
    nodeId: settings.nodeId,
    store,
    environment,
    settingsOf: topic => parts.topicSettings.of(topic, image),
    hasSettings: topic => parts.topicSettings.hasOwn(topic, image),
    retentionCheckMs: settings.retentionCheckMs,
    initialTaskDelayMs: settings.initialTaskDelayMs,
    producerExpirationMs: () => currentSettings.now.producerExpirationMs,
    producerExpirationCheckMs: settings.producerExpirationCheckMs,
  })
  const cleaner =
    new Cleaner({ replicas, store, environment, settings: () => currentSettings.now.cleaner })
  const groups = new GroupCoordinator({
    clock: environment,
    timers: new Timers(environment),
    notices,
    log: environment.log,
    loadBufferBytes: settings.offsetsLoadBufferBytes,
    newUuid: () => environment.newUuid(),
    settings: settings.groups,
    commitTimeoutMs: settings.offsetsCommitTimeoutMs,
  })
  const quotas = new ClientQuotas(settings.quotaWindows)
  const telemetry = new ClientInstances(settings.telemetryBytesMax, clientMatch)
  const duties = new ControllerDuties({ controller, image, environment, quorum })
  return {
    quorum, metadata, image, controller, duties, notices, replicas, cleaner, groups,
    currentSettings, quotas, telemetry,
  }
}

function brokerOf (parts: BrokerParts, rooms: Rooms, lifecycle: Lifecycle) {
  const { environment, settings } = parts
  const { quorum, image, replicas, controller, groups } = rooms
  return {
    nodeId: settings.nodeId,
    clusterId: parts.clusterId,
    served: handlers
      .filter(({ isListed }) => isListed)
      .map(({ api, advertised }) => ({ key: api.key, versions: advertised })),
    supportedFeatures,
    settings,
    configuration: parts.configuration,
    loggers: new Loggers(parts.logLevel),
    notices: rooms.notices,
    environment,
    access: everybodyMayEverything,
    metadata: image,
    replicas,
    controller,
    endpoints: new Endpoints({
      image, nodeId: settings.nodeId, advertised: parts.advertised,
      random: () => environment.random(),
    }),
    groups,
    producerIds: new ProducerIds(controller, () => lifecycle),
    quorum,
    logDirectory: parts.logDirectory,
    quotas: rooms.quotas,
    telemetry: rooms.telemetry,
    fetchSessions: new FetchSessionCache(settings.fetchSessionSlots),
    topicCreation: new TopicCreation({
      controller,
      image,
      environment,
      internalTopic: name =>
        settings.internalTopics[name] ?? { partitions: 1, replicationFactor: 1, configs: {} },
      numPartitions: -1,
      replicationFactor: -1,
      strict: settings.strict,
    }),
  } satisfies Broker
}
