/** Apache Kafka as a process: one node, a fresh data directory, any free port. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaHome } from './home.ts'

const CLUSTER_ID = 'b3R0bGEtY29udmVyc2F0aQ'
const START_MS_MAX = 60_000
const STOP_MS_MAX = 10_000
const POLL_MS = 50

export class KafkaProcess {
  readonly port: number
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #ended: Promise<void>
  #isOver = false
  #said = ''

  private constructor (port: number, child: ChildProcess, directory: string) {
    this.port = port
    this.#child = child
    this.#directory = directory
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => { this.#said = (this.#said + String(chunk)).slice(-10_000) })
    }
    this.#ended = new Promise(resolve => {
      child.on('close', () => {
        this.#isOver = true
        resolve()
      })
    })
  }

  static async start (settings: ReadonlyArray<readonly [string, string]>): Promise<KafkaProcess> {
    const home = kafkaHome()
    const directory = mkdtempSync(join(tmpdir(), 'ottla-kafka-'))
    const [port, controllerPort] = await freePorts()
    const file = join(directory, 'server.properties')
    writeFileSync(file, properties(port, controllerPort, join(directory, 'data'), settings))
    const java = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${home}/libs/*`, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    const formatted = spawnSync('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file])
    if (formatted.status !== 0) throw new Error(`Apache Kafka does not format its directory: ${String(formatted.stderr)}`)
    const child = spawn('java', [...java, 'kafka.Kafka', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const kafka = new KafkaProcess(port, child, directory)
    await kafka.#listening()
    return kafka
  }

  async #listening (): Promise<void> {
    for (let waitedMs = 0; !await accepts(this.port); waitedMs += POLL_MS) {
      if (this.#isOver || waitedMs > START_MS_MAX) {
        await this.stop()
        throw new Error(`Apache Kafka does not start:\n${this.#said}`)
      }
      await pause(POLL_MS)
    }
  }

  async stop (): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGTERM')
    await Promise.race([this.#ended, pause(STOP_MS_MAX)])
    if (!this.#isOver) this.#child.kill('SIGKILL')
    await this.#ended
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function properties (
  port: number, controllerPort: number, directory: string,
  settings: ReadonlyArray<readonly [string, string]>
): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${directory}`,
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    ...settings.filter(([name]) => !name.startsWith('ottla.')).map(([name, value]) => `${name}=${value}`),
    '',
  ].join('\n')
}

/** Two that are free now; nobody else asks for them in the moment before they are used. */
export async function freePorts (): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(servers.map(server => new Promise<number>(resolve => {
    server.listen(0, '127.0.0.1', () => { resolve((server.address() as { port: number }).port) })
  })))
  await Promise.all(servers.map(server => new Promise(resolve => { server.close(resolve) })))
  return ports as [number, number]
}

/** Whether something listens there on 127.0.0.1. */
export function accepts (port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => { resolve(false) })
  })
}

function pause (ms: number): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, ms) })
}
