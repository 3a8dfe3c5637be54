/** Ottla as a library: `startBroker` gives a running broker, on a directory or in memory. */
import { assembleBroker } from './broker.ts'
import type { RunningBroker } from './broker.ts'
import type { BrokerValues } from './config/table.ts'
import { loadSettings } from './config/config.ts'
import type { Settings } from './config/config.ts'
import type { Sources } from './config/sources.ts'
import { isEverywhere } from './config/network.ts'
import { meant } from './config/meant.ts'
import {
  clusterIdOf, diskSpace, NO_BROKER_EPOCH, openDataDirectory, takeCleanShutdown, UNKNOWN_SPACE,
  writeCleanShutdown,
} from './data-directory.ts'
import { connectionLimits, partsOf } from './parts.ts'
import { adjustableLog, newId, processEnvironment } from './process-environment.ts'
import type { LogFunction } from './process-environment.ts'
import { ConfigError } from './config/error.ts'
import { Admission } from './server/admission.ts'
import { listen } from './server/listener.ts'
import type { Listener } from './server/listener.ts'
import { sharedByConnections } from './server/serving.ts'
import { ownNameFor } from './own-name.ts'
import { MemoryDisk } from './store/disk-memory.ts'
import { nodeDisk } from './store/disk-node.ts'
import { openStore } from './store/store.ts'
import type { Store } from './store/store.ts'

export { ConfigError } from './config/error.ts'
export { DataDirectoryError } from './data-directory.ts'
export { StoreError } from './store/error.ts'
export type { Sources } from './config/sources.ts'
export type { LogFunction } from './process-environment.ts'
export type { LogLevel } from './runtime/environment.ts'
export type { StoreErrorCode } from './store/error.ts'

/** Settings by Kafka's own names, with the types that they have. */
export type BrokerOverrides = { readonly [N in keyof BrokerValues]?: BrokerValues[N] }

export interface BrokerOptions {
  /** Where the data is; without it, everything is in memory and gone after `stop`. */
  readonly dataDirectory?: string
  /** Default: any free port of 127.0.0.1. */
  readonly settings?: BrokerOverrides
  /** A configuration file, the environment and `key=value` texts, for programs that have such. */
  readonly sources?: Sources
  /** CLUSTER_ID: the id of a new cluster; that of an existing one must be the same. */
  readonly clusterId?: string | undefined
  readonly log?: LogFunction
  /** The store has failed and the broker has stopped serving (R-S2): start it again. */
  readonly onFailed?: (error: unknown) => void
}

export interface BrokerListener {
  readonly name: string
  readonly host: string
  readonly port: number
}

export interface OttlaBroker {
  readonly clusterId: string
  readonly nodeId: number
  readonly listeners: readonly BrokerListener[]
  /** Of the first listener. */
  readonly host: string
  readonly port: number
  /** What a client's `bootstrap.servers` takes. */
  readonly bootstrapServers: string
  /** Leaves in order; everything acknowledged is on the disk. */
  stop (): Promise<void>
}

/**
 * Rejects with ConfigError, DataDirectoryError or StoreError, whose messages name the remedy, and
 * with the system's error for a port in use.
 */
export async function startBroker (options: BrokerOptions = {}): Promise<OttlaBroker> {
  const settings = loadSettings(sourcesOf(options))
  const log = adjustableLog(options.log ?? (() => {}))
  for (const { level, text } of settings.notices) log(level, text)
  checkSupported(settings)
  const admission = new Admission()
  const listeners: Listener[] = []
  try {
    for (const { name, host, port } of settings.network.brokerListeners) {
      listeners.push(await listen({
        name,
        host,
        port,
        admission,
        idleMs: settings.number('connections.max.idle.ms'),
      }))
    }
    return await start(options, settings, { listeners, admission }, log)
  } catch (error) {
    await Promise.all(listeners.map(listener => listener.close()))
    throw error
  }
}

/** A library's broker takes any free port unless it is told otherwise. */
function sourcesOf ({ settings = {}, sources, dataDirectory }: BrokerOptions): Sources {
  const ours = sources === undefined ? ['listeners=PLAINTEXT://127.0.0.1:0'] : []
  const given = Object.entries(settings).map(([name, value]) => `${name}=${textOf(value)}`)
  if (dataDirectory !== undefined) given.push(`log.dirs=${dataDirectory}`)
  return { ...sources, overrides: [...ours, ...sources?.overrides ?? [], ...given] }
}

function textOf (value: unknown): string { return Array.isArray(value) ? value.join(',') : String(value ?? '') }

/** What is knowingly absent is said at the start, not found out in service. */
function checkSupported ({ network, get }: Settings): void {
  for (const { name, protocol } of network.brokerListeners) {
    if (protocol !== 'PLAINTEXT') {
      throw new ConfigError(`listeners: ${name} asks for ${protocol}, which this release does not serve yet. ` +
        'Map it to PLAINTEXT in listener.security.protocol.map, or leave it out.')
    }
  }
  if (!network.isBroker || !network.isAlone) {
    throw new ConfigError('this release runs one node that is broker and controller: ' +
      'set process.roles=broker,controller and name only this node in controller.quorum.voters')
  }
  const directories = get('log.dirs') ?? get('log.dir')
  if (directories.length !== 1) {
    throw new ConfigError(`log.dirs=${directories.join(',')}: this release keeps its data in one directory`)
  }
}

interface Sockets { readonly listeners: readonly Listener[], readonly admission: Admission }

async function start (
  options: BrokerOptions, settings: Settings, { listeners, admission }: Sockets,
  log: ReturnType<typeof adjustableLog>
): Promise<OttlaBroker> {
  const nodeId = settings.get('node.id')
  const inMemory = options.sources === undefined && meant(options.dataDirectory) === undefined
  const environment = processEnvironment(log)
  const directory = (settings.get('log.dirs') ?? settings.get('log.dir'))[0] as string
  const data = inMemory
    ? { path: '/ottla', clusterId: clusterIdOf(options.clusterId) ?? newId(), nodeId, directoryId: newId() }
    : openDataDirectory(directory, nodeId, options.clusterId)
  const { nowMs, setTimer, atTurnEnd } = environment
  const ownName = ownNameFor(settings.network, environment)
  const store = await openStore(data.path, {
    disk: inMemory ? new MemoryDisk().disk() : nodeDisk(), nowMs, setTimer, atTurnEnd, log,
  }, { syncTimeoutMs: settings.get('ottla.sync.timeout.ms') })
  let running: RunningBroker | undefined
  const stop = async (): Promise<void> => {
    await Promise.all(listeners.map(listener => listener.close()))
    await running?.stop()
    await store.close()
    if (!inMemory && running !== undefined) writeCleanShutdown(data.path, running.brokerEpoch)
  }
  const failed = (error: unknown): void => {
    log('error', 'the broker stops serving: its data cannot be written safely', { error })
    for (const listener of listeners) void listener.close()
    options.onFailed?.(error)
  }
  store.onFailed(failed)
  running = await assembleBroker(partsOf(settings, environment, store, {
    clusterId: data.clusterId,
    logDirectory: {
      id: data.directoryId,
      path: data.path,
      space: () => inMemory ? UNKNOWN_SPACE : diskSpace(data.path),
    },
    logLevel: log,
    ownName: await ownName,
    ports: new Map(listeners.map(({ name, port }) => [name, port])),
    previousBrokerEpoch: inMemory ? NO_BROKER_EPOCH : takeCleanShutdown(data.path),
    onFailed: failed,
  }))
  admission.rates = running.broker.quotas.connections
  running.onLiveSettings(({ connections }) => { admission.bounds = connections })
  serve(running, store, settings, listeners, environment)
  const first = listeners[0] as Listener
  return {
    clusterId: data.clusterId,
    nodeId,
    listeners: listeners.map(({ name, host, port }) => ({ name, host, port })),
    host: first.host,
    port: first.port,
    bootstrapServers: `${isEverywhere(first.host) ? 'localhost' : bracketed(first.host)}:${first.port}`,
    stop,
  }
}

function bracketed (host: string): string { return host.includes(':') ? `[${host}]` : host }

function serve (
  running: RunningBroker, store: Store, settings: Settings, listeners: readonly Listener[],
  environment: ReturnType<typeof processEnvironment>
): void {
  const connections =
    function * () { for (const listener of listeners) yield * listener.connections }
  const relieve = (): void => { for (const connection of connections()) connection.resume() }
  const shared = sharedByConnections(connectionLimits(settings), environment)
  for (const listener of listeners) {
    listener.serve({
      ...shared,
      dispatch: running.dispatch,
      events: {
        refused: ({ remoteAddress }, reason) => {
          running.broker.notices.warn(`connection closed: ${reason}`, remoteAddress)
        },
        failed: (session, error) => {
          environment.log('error', 'a request failed', { client: session.remoteAddress, error })
        },
        // storage.md 4.1.5: past the bound nobody's bytes are read until a flush has ended.
        read: connection => {
          if (!store.underPressure) return
          connection.hold()
          store.onRelief(relieve)
        },
      },
    })
  }
}
