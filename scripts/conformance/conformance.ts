/**
 * `npm run conformance -- [client…]`: clients that nobody here wrote, each with its cases against a
 * broker of its own, and a line for each of what passed. `--against kafka` asks Apache Kafka the
 * same, the judge when it is not clear whether a case or the broker is wrong.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { clients } from '../../test/conformance/clients.ts'
import type { Client } from '../../test/conformance/clients.ts'
import { BrokerProcess } from '../../test/support/broker-process.ts'
import { install } from './install.ts'
import { Program } from './program.ts'
import type { Outcome } from './program.ts'
import { KafkaProcess } from '../kafka/process.ts'
import { progress } from '../steady.ts'

const USAGE = `usage: npm run conformance -- [client...] [--against ottla|kafka] [--cache FOLDER] [--minutes N]
clients: ${clients.map(({ name }) => name).join(', ')}`

const MINUTES = 10
/** As a shell says it of SIGINT. */
const INTERRUPTED = 130
/**
 * Kafka waits three seconds before the first rebalance of a group; a single node of ours does not.
 */
const SETTINGS = [['group.initial.rebalance.delay.ms', '0']] as const

interface Options {
  readonly wanted: readonly Client[]
  readonly isAgainstKafka: boolean
  readonly cache: string
  readonly deadlineMs: number
  /** Given by the terminal: nothing goes on after it. */
  readonly signal: AbortSignal
}

interface Row extends Outcome { readonly client: Client, readonly seconds: number }

export async function main (parameters: readonly string[]): Promise<number> {
  const options = parse(parameters)
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  mkdirSync(options.cache, { recursive: true })
  const rows: Row[] = []
  for (const client of options.wanted) {
    const startedMs = performance.now()
    const outcome = await judge(client, options)
    if (options.signal.aborted) return INTERRUPTED
    rows.push({ ...outcome, client, seconds: (performance.now() - startedMs) / 1000 })
    print(rows.at(-1)!)
  }
  const count = (of: (row: Row) => number): number => rows.reduce((sum, row) => sum + of(row), 0)
  const failed = count(({ failures }) => failures.length)
  process.stdout.write(`${count(({ absent }) => absent === undefined ? 1 : 0)} clients, ` +
    `${count(({ absent }) => absent === undefined ? 0 : 1)} absent\n` +
    `${count(({ cases }) => cases) - failed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}

/** One client from its installation to the end of its broker. */
async function judge (client: Client, options: Options): Promise<Outcome> {
  const absent = (why: string): Outcome => ({ absent: why, cases: 0, failures: [] })
  const leftMs = (): number => options.deadlineMs - performance.now()
  if (leftMs() <= 0) return absent('no time left: --minutes N gives more')
  progress(`${client.name}: installing`)
  const limitMs = Math.min(client.installLimitMs, leftMs())
  const installed =
    await install({ ...client, installLimitMs: limitMs }, options.cache, options.signal)
  if ('isAbsent' in installed) return absent(installed.why)
  if ('isBroken' in installed) return { cases: 1, failures: [{ name: 'build', why: installed.why }] }
  const directory = mkdtempSync(join(tmpdir(), 'ottla-conformance-'))
  progress(`${client.name}: starting a broker`)
  const broker = await (options.isAgainstKafka ? startKafka() : startOttla(join(directory, 'data')))
  const program = new Program(installed.words, {
    cwd: directory,
    environment: { BOOTSTRAP: `127.0.0.1:${broker.port}` },
    limitMs: Math.max(1, Math.min(client.limitMs, leftMs())),
    signal: options.signal,
    onCase: cases => { progress(`${client.name}: ${cases} cases`) },
  })
  try {
    return await program.ended
  } finally {
    await broker.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Broker { readonly port: number, stop: () => Promise<void> }

async function startOttla (directory: string): Promise<Broker> {
  const broker = BrokerProcess.on(directory, SETTINGS.map(([name, value]) => `${name}=${value}`))
  return {
    port: await broker.listening(),
    stop: async () => {
      broker.kill('SIGTERM')
      await broker.ended
    },
  }
}

async function startKafka (): Promise<Broker> {
  const kafka = await KafkaProcess.start(SETTINGS)
  return { port: kafka.port, stop: () => kafka.stop() }
}

function print ({ client, version = client.version, absent, cases, failures, seconds }: Row): void {
  progress('')
  const told = absent === undefined
    ? `${cases} cases, ${cases - failures.length} passed, ${failures.length} failed  (${seconds.toFixed(1)} s)`
    : `absent (${absent})`
  process.stdout.write(`${client.name.padEnd(27)} ${version.padEnd(26)} ${told}\n`)
  for (const { name, why } of failures) process.stdout.write(`    ${name}: ${why}\n`)
}

function parse (parameters: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: { against: { type: 'string' }, cache: { type: 'string' }, minutes: { type: 'string' } },
    })
    const minutes = Number(values.minutes ?? MINUTES)
    const known = positionals.every(name => clients.some(client => client.name === name))
    if (!known || !(minutes > 0) || !['ottla', 'kafka', undefined].includes(values.against)) return undefined
    const interruption = new AbortController()
    process.once('SIGINT', () => { interruption.abort() })
    return {
      signal: interruption.signal,
      wanted: positionals.length === 0
        ? clients
        : clients.filter(({ name }) => positionals.includes(name)),
      isAgainstKafka: values.against === 'kafka',
      cache: resolve(values.cache ?? join(tmpdir(), 'ottla-conformance')),
      deadlineMs: performance.now() + minutes * 60_000,
    }
  } catch {
    return undefined
  }
}
