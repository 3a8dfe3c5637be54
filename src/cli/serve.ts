/** `ottla serve`: the broker in the foreground, until it is told to stop. */
import { ConfigError, DataDirectoryError, startBroker, StoreError } from '../index.ts'
import type { LogFunction } from '../index.ts'
import { levelOf, processLog } from './log.ts'

export interface ServeOptions { readonly config?: string, readonly override: readonly string[] }

const STOPPED = 0
const FAILED = 1

export async function serve ({ config, override }: ServeOptions): Promise<void> {
  const log = await openLog()
  if (log === undefined) return
  const startedMs = performance.now()
  try {
    const broker = await startBroker({
      sources: {
        ...(config === undefined ? {} : { configFile: config }),
        environment: process.env,
        overrides: override,
      },
      clusterId: process.env.CLUSTER_ID,
      log,
      onFailed: () => { process.exit(FAILED) },
    })
    // Whoever has read that it listens may stop it.
    stopOnSignal(broker.stop, log)
    for (const { name, host, port } of broker.listeners) log('info', 'listening', { listener: name, host, port })
    log('info', 'ottla serves', {
      node: broker.nodeId, clusterId: broker.clusterId,
      startMs: Math.round(performance.now() - startedMs),
    })
    for (const line of startLines(broker.nodeId)) log('info', line)
  } catch (error) {
    log('error', explain(error))
    process.exitCode = FAILED
  }
}

/** Undefined when nobody can say what shall be logged: that is said, and the process fails. */
async function openLog (): Promise<LogFunction | undefined> {
  try {
    return await processLog(levelOf(process.env.LOG_LEVEL))
  } catch (error) {
    const log = await processLog('info')
    log('error', explain(error))
    process.exitCode = FAILED
    return undefined
  }
}

/**
 * What Kafka writes when it has started, in its order: programs that start a broker in a container
 * wait for one of these lines. Here they come last, when requests are really answered.
 */
export function startLines (nodeId: number): string[] {
  return [
    `[BrokerLifecycleManager id=${nodeId}] The broker has caught up. Transitioning from STARTING to RECOVERY. ` +
      '(kafka.server.BrokerLifecycleManager)',
    `[BrokerLifecycleManager id=${nodeId}] The broker has been unfenced. Transitioning from RECOVERY to RUNNING. ` +
      '(kafka.server.BrokerLifecycleManager)',
    `[BrokerServer id=${nodeId}] Transition from STARTING to STARTED (kafka.server.BrokerServer)`,
    `[KafkaRaftServer nodeId=${nodeId}] Kafka Server started (kafka.server.KafkaRaftServer)`,
    `[KafkaServer id=${nodeId}] started (kafka.server.KafkaServer)`,
  ]
}

/** The first signal stops in order, the second at once. */
function stopOnSignal (stop: () => Promise<void>, log: LogFunction): void {
  let asked = false
  const onSignal = (signal: string): void => {
    if (asked) process.exit(FAILED)
    asked = true
    log('info', `${signal}: stopping`)
    stop().then(() => {
      log('info', 'stopped')
      process.exit(STOPPED)
    }, error => {
      log('error', 'stopped with an error', { error })
      process.exit(FAILED)
    })
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** One line that says what to do. */
function explain (error: unknown): string {
  if (error instanceof ConfigError || error instanceof DataDirectoryError ||
    error instanceof StoreError) {
    return error.message
  }
  const { code, port, address, message } =
    error as NodeJS.ErrnoException & { port?: number, address?: string }
  if (code === 'EADDRINUSE') {
    return `port ${port} is in use: stop what listens there, or set another port in listeners ` +
      `(for example --override listeners=PLAINTEXT://:${Number(port) + 10})`
  }
  if (code === 'EACCES' && port !== undefined) return `port ${port} may not be opened by this user: set another one in listeners`
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine: correct the host in listeners`
  return `ottla cannot start: ${message}`
}
