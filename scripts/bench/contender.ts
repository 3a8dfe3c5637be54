/**
 * A broker under comparison: Apache Kafka, ottla or a third, each a process with the same
 * server.properties (one node, broker and controller), stopped by the id of that process.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder, kafkaHome } from '../kafka/home.ts'
import { accepts, freePorts } from '../kafka/process.ts'
import { CannotRun } from '../options.ts'
import { root } from '../repository.ts'

const DATA = 'data'
const KEPT = 'kept'
const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qk'
const START_MS_MAX = 60_000
const STOP_MS_MAX = 20_000
const SAID_CHARACTERS = 2000
/** Of the clock by which /proc counts a process's time. */
const TICKS_PER_SECOND = 100

export class Contender {
  readonly name: string
  readonly port: number
  readonly folder: string
  readonly #words: readonly string[]
  #child: ChildProcess | undefined
  #said = ''

  private constructor (name: string, port: number, words: readonly string[]) {
    this.name = name
    this.port = port
    this.folder = folderOf(name)
    this.#words = words
  }

  /**
   * With an empty data directory. `peer` is the command of a third broker, in which `{port}`,
   * `{dir}` and `{file}` are replaced; without it the name is kafka or ottla. The command of ottla
   * is `$OTTLA_CMD`, to which `--config FILE` is added, or that of this checkout.
   */
  static async prepare (name: string, peer?: string): Promise<Contender> {
    const folder = folderOf(name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'server.properties')
    const data = join(folder, DATA)
    const [port, controllerPort] = await freePorts()
    writeFileSync(file, properties(port, controllerPort, data))
    const own = process.env.OTTLA_CMD?.split(' ') ?? ['node', `${root}dist/src/main.js`, 'serve']
    const words = peer !== undefined
      ? peer.split(' ').map(word => word.replace('{port}', String(port)).replace('{file}', file).replace('{dir}', data))
      : name === 'kafka' ? kafkaWords(file) : [...own, '--config', file]
    return new Contender(name, port, words)
  }

  /** Returns when it listens; the moment of its start, in milliseconds. */
  async boot (): Promise<number> {
    const [command = '', ...parameters] = this.#words
    const beganMs = performance.now()
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.on('error', () => {})
    this.#said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => { this.#said = (this.#said + String(text)).slice(-SAID_CHARACTERS) })
    }
    this.#child = child
    while (!await accepts(this.port)) {
      const isGone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
      if (isGone || performance.now() - beganMs > START_MS_MAX) {
        throw new CannotRun(`${this.name} does not listen: ${this.#words.join(' ')}\n${this.#said}`)
      }
      await sleep(3)
    }
    return beganMs
  }

  stop (): Promise<void> { return this.#end('SIGTERM') }

  /** As `kill -9` does: nothing is said to it. */
  kill (): Promise<void> { return this.#end('SIGKILL') }

  async #end (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => { child.on('exit', resolve) })
    child.kill(signal)
    const timer = setTimeout(() => { child.kill('SIGKILL') }, STOP_MS_MAX)
    await ended
    clearTimeout(timer)
  }

  /**
   * While it does not run: `putBack` makes its data what it is now, or none where this was never
   * called.
   */
  keepData (): void {
    cpSync(join(this.folder, DATA), join(this.folder, KEPT), { recursive: true })
  }

  putBack (): void {
    const kept = join(this.folder, KEPT)
    rmSync(join(this.folder, DATA), { recursive: true, force: true })
    if (existsSync(kept)) cpSync(kept, join(this.folder, DATA), { recursive: true })
  }

  /** Stops it and takes its data away. */
  async remove (): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** CPU seconds so far, and megabytes of memory that no file stands behind. */
  usage (): { cpuSeconds: number, anonymousMb: number } {
    const file = (name: string): string => readFileSync(`/proc/${this.#child?.pid}/${name}`, 'utf8')
    const stat = file('stat').split(') ')[1]?.split(' ') ?? []
    return {
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
      anonymousMb: Number(/RssAnon:\s+(\d+)/.exec(file('status'))?.[1] ?? 0) / 1024,
    }
  }
}

function folderOf (name: string): string { return join(cacheFolder(), `run-${name}`) }

/** Formats its directory and says by which words it is started. */
function kafkaWords (file: string): string[] {
  const classes = ['-cp', `${kafkaHome()}/libs/*`, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  const { status, stderr } = spawnSync('java',
    [...classes, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file], { encoding: 'utf8' })
  if (status !== 0) throw new CannotRun(`Apache Kafka does not format its directory: ${stderr}`)
  return ['java', '-Xms1g', '-Xmx1g', '-XX:+UseG1GC', ...classes, 'kafka.Kafka', file]
}

function properties (port: number, controllerPort: number, data: string): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${data}`,
    'num.partitions=1',
    'auto.create.topics.enable=true',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    '',
  ].join('\n')
}
