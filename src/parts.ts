/**
 * The one recipe for a broker: from its settings, its store and what a process finds at its start
 * to the parts that `broker.ts` puts together. A process, a test and the simulation all go by it.
 */
import type { BrokerParts } from './broker.ts'
import type { Settings } from './config/config.ts'
import { securityProtocolIds } from './config/listeners.ts'
import { registeredListeners } from './config/network.ts'
import { supportedFeatures } from './core/metadata/features.ts'
import type { BrokerRegistrationRequest } from '../protocol/messages/62-broker-registration.ts'
import type { Environment } from './runtime/environment.ts'
import type { ServingLimits } from './server/serving.ts'
import { brokerSettings, configuration, controllerSettings, topicSettingsSource } from './settings.ts'
import type { Store } from './store/store.ts'

/** What no setting says: it is found, or made, when the process starts. */
export interface Found extends Pick<BrokerParts, 'clusterId' | 'logDirectory' | 'logLevel' | 'onFailed'> {
  /** This machine's, for listeners whose address says nothing to others; see own-name.ts. */
  readonly ownName: string
  /** Ports that are open, by the listener's name; another listener's is that of its settings. */
  readonly ports: ReadonlyMap<string, number>
  /** R 2.5.6: -1 unless the last process of this directory stopped in order. */
  readonly previousBrokerEpoch: bigint
}

export function partsOf (
  settings: Settings, environment: Environment, store: Store, found: Found
): BrokerParts {
  const { clusterId, logDirectory, logLevel, onFailed } = found
  return {
    store,
    environment,
    settings: brokerSettings(settings),
    topicSettings: topicSettingsSource(settings),
    configuration: configuration(settings),
    controllerSettings: controllerSettings(settings, clusterId),
    clusterId,
    logDirectory,
    logLevel,
    onFailed,
    registration: registrationOf(settings, environment, found),
    advertised: new Set((settings.network.advertised ?? []).map(({ name }) => name)),
  }
}

export function connectionLimits (settings: Settings): ServingLimits {
  return {
    frameBytesMax: settings.get('socket.request.max.bytes'),
    queuedRequestBytesMax: settings.number('queued.max.request.bytes'),
    queuedResponseBytesMax: settings.number('ottla.queued.max.response.bytes'),
  }
}

function registrationOf (
  settings: Settings, environment: Environment,
  { clusterId, logDirectory, ownName, ports, previousBrokerEpoch }: Found
): BrokerRegistrationRequest {
  return {
    brokerId: settings.get('node.id'),
    clusterId,
    incarnationId: environment.newId(),
    listeners: registeredListeners(settings.network, ports,
      ownName).map(({ name, host, port, protocol }) =>
      ({ name, host, port, securityProtocol: securityProtocolIds[protocol] })),
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) =>
      ({ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion })),
    rack: settings.get('broker.rack'),
    isMigratingZkBroker: false,
    logDirs: [logDirectory.id],
    previousBrokerEpoch,
  }
}
