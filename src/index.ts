/** Ottla as a library: `startBroker` gives a running broker, on a directory or in memory. */
import { assembleBroker } from './broker.ts'
import { openDataDirectory } from './data-directory.ts'
import { newId, processEnvironment } from './process-environment.ts'
import type { LogFunction } from './process-environment.ts'
import { listen } from './server/listener.ts'
import type { Listener } from './server/listener.ts'
import { defaultSettings, defaultTopicSettings } from './settings.ts'
import { nodeDisk } from './store/disk-node.ts'
import { openStore } from './store/store.ts'
import { supportedFeatures } from './core/metadata/features.ts'

export interface BrokerOptions {
  dataDirectory: string
  port?: number
  host?: string
  log?: LogFunction
}

export interface OttlaBroker {
  readonly port: number
  readonly host: string
  readonly bootstrapServers: string
  readonly clusterId: string
  stop (): Promise<void>
}

export async function startBroker (options: BrokerOptions): Promise<OttlaBroker> {
  const environment = processEnvironment(options.log ?? (() => {}))
  const settings = defaultSettings
  const data = openDataDirectory(options.dataDirectory, settings.nodeId, undefined)
  const store = await openStore(data.path, {
    disk: nodeDisk(),
    nowMs: environment.nowMs,
    setTimer: environment.setTimer,
    atTurnEnd: environment.atTurnEnd,
    log: environment.log,
  })
  const host = options.host ?? '127.0.0.1'
  const running = await assembleBroker({
    store,
    environment,
    settings,
    onFailed: error => { environment.log('error', 'the store has failed; stopping', { error }); process.exit(1) },
    topicSettings: { of: () => defaultTopicSettings },
    controllerSettings: {
      clusterId: data.clusterId,
      nodeId: settings.nodeId,
      numPartitions: 1,
      defaultReplicationFactor: 1,
      deleteTopicEnable: true,
      minInsyncReplicas: 1,
      uncleanLeaderElectionEnable: false,
      configs: { check: () => undefined, isList: () => false, builtInDefault: () => null, effectiveTopicConfigs: () => [] },
    },
    clusterId: data.clusterId,
    advertised: new Set(),
    registration: {
      brokerId: settings.nodeId,
      clusterId: data.clusterId,
      incarnationId: newId(),
      listeners: [{ name: 'PLAINTEXT', host, port: options.port ?? 0, securityProtocol: 0 }],
      features: supportedFeatures.map(({ name, minVersion, maxVersion }) =>
        ({ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion })),
      rack: null,
      isMigratingZkBroker: false,
      logDirs: [data.directoryId],
      previousBrokerEpoch: -1n,
    },
  })
  const listener: Listener = await listen(
    { name: 'PLAINTEXT', host, port: options.port ?? 0, connectionsMax: Infinity, idleMs: 600000 }, {
      dispatch: running.dispatch,
      limits: { frameBytesMax: 104857600, requestsInFlightMax: 100 },
      nowMs: environment.nowMs,
      events: {
        refused: (session, reason) => { environment.log('warn', `connection closed: ${reason}`, { client: session.remoteAddress }) },
        failed: (_session, error) => { environment.log('error', 'a request failed', { error }) },
      },
    })
  return {
    port: listener.port,
    host,
    bootstrapServers: `${host}:${listener.port}`,
    clusterId: data.clusterId,
    stop: async () => {
      await listener.close()
      await running.stop()
      await store.close()
    },
  }
}
