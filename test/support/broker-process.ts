/** `ottla serve` as a process of its own: what it says, and how it ends. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Inbox } from './inbox.ts'

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** A line of its log. */
export interface LogEntry {
  readonly level: string
  readonly msg: string
  readonly port?: number
}

export interface Ended { readonly code: number | null, readonly signal: NodeJS.Signals | null }

export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>
}

export class BrokerProcess {
  readonly child: ChildProcess
  readonly log = new Inbox<LogEntry>()
  /** Lines that are no log entries: what Node itself says when all else fails. */
  readonly strays: string[] = []
  /** Resolves when the process is gone and everything that it said is here. */
  readonly ended: Promise<Ended>
  #isOver = false

  /**
   * Each setting is `key=value`; a port and a directory must be among them or in the environment.
   */
  constructor (settings: readonly string[], { environment = {} }: ProcessOptions = {}) {
    this.child = spawn(process.execPath, [main, 'serve', ...settings.flatMap(setting => ['--override', setting])], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...environment },
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', line => { this.#hear(line) })
    }
    this.ended = new Promise(resolve => {
      this.child.on('close', (code, signal) => {
        this.#isOver = true
        this.log.push({ level: 'end', msg: '' })
        resolve({ code, signal })
      })
    })
  }

  /** On any free port of this machine. */
  static on (
    directory: string, more: readonly string[] = [], options: ProcessOptions = {}
  ): BrokerProcess {
    return new BrokerProcess([`log.dirs=${directory}`, 'listeners=PLAINTEXT://127.0.0.1:0', ...more], options)
  }

  #hear (line: string): void {
    try {
      this.log.push(JSON.parse(line) as LogEntry)
    } catch {
      this.strays.push(line) // cut by a kill, or not of the log
    }
  }

  /** The port that it listens on. Rejects when it ends before it says so. */
  async listening (): Promise<number> {
    const entry = await this.said('listening')
    if (entry?.port === undefined) throw new Error(`the broker ended: ${this.everything()}`)
    return entry.port
  }

  /** The first entry with this message; undefined when the process ends without it. */
  async said (message: string): Promise<LogEntry | undefined> {
    const find = (entries: readonly LogEntry[]): LogEntry | undefined =>
      entries.find(({ msg }) => msg === message)
    await this.log.until(entries => find(entries) !== undefined || this.#isOver)
    return find(this.log.items)
  }

  everything (): string {
    return [...this.log.items.map(({ level, msg }) => `${level} ${msg}`), ...this.strays].join('\n')
  }

  kill (signal: NodeJS.Signals): void { this.child.kill(signal) }
}
