/**
 * The world outside as a Node process has it: the real clock, timers, random numbers, disk and log.
 */
import crypto, { randomBytes, randomUUID } from 'node:crypto'
import { promises as dns } from 'node:dns'
import { hostname } from 'node:os'
import { uuidFromBytes } from '../protocol/uuid.ts'
import type { Environment, LogLevel } from './runtime/environment.ts'

export interface LogFunction {
  (level: LogLevel, message: string, fields?: object): void
  /** The least level that is said; left out by a log that cannot change it. */
  level?: LogLevel
}

const SEVERITY: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A log whose least level can be changed (KIP-412): by itself, or by saying less to it. */
export function adjustableLog (log: LogFunction): LogFunction & { level: LogLevel } {
  if (log.level !== undefined) return log as LogFunction & { level: LogLevel }
  const adjustable = (level: LogLevel, message: string, fields?: object): void => {
    if (SEVERITY.indexOf(level) >= SEVERITY.indexOf(adjustable.level)) log(level, message, fields)
  }
  adjustable.level = 'debug' as LogLevel
  return adjustable
}

export function processEnvironment (log: LogFunction): Environment {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer (delayMs, run) {
      // Node's timers hold 31 bits of milliseconds; a longer wait is taken in pieces. Of a
      // millisecond that is not whole they wait for nothing: whoever waits would look at its clock
      // in vain.
      const piece = Math.min(Math.ceil(delayMs), TIMER_MAX_MS)
      let timer = setTimeout(function fire () {
        if (delayMs <= piece) return run()
        timer = setTimeout(run, Math.min(delayMs - piece, TIMER_MAX_MS))
      }, piece)
      return { cancel: () => { clearTimeout(timer) } }
    },
    atTurnEnd: run => { setImmediate(run) },
    random: () => Math.random(),
    newUuid: () => randomUUID(),
    md5,
    newId,
    resolves: host => dns.lookup(host).then(() => true, () => false),
    log,
  }
}

/**
 * As a string of bytes, which is the quickest that Node gives; what is older than 20.12 has no
 * `hash`.
 */
const digestOf = (crypto as Partial<typeof crypto>).hash === undefined
  ? (bytes: Uint8Array): string => crypto.createHash('md5').update(bytes).digest('binary')
  : (bytes: Uint8Array): string => crypto.hash('md5', bytes, 'binary')

export function md5 (bytes: Uint8Array, into: Uint32Array): void {
  const digest = digestOf(bytes)
  for (let word = 0; word < 4; word++) {
    const at = word * 4
    into[word] = digest.charCodeAt(at) << 24 | digest.charCodeAt(at + 1) << 16 |
      digest.charCodeAt(at + 2) << 8 | digest.charCodeAt(at + 3)
  }
}

const TIMER_MAX_MS = 2 ** 31 - 1

/** Kafka's tools take a leading dash for an option, so ids never begin with one. */
export function newId (): string {
  for (;;) {
    const id = uuidFromBytes(randomBytes(16))
    if (!id.startsWith('-')) return id
  }
}

export interface NameService {
  hostname (): string
  lookup (host: string): Promise<ReadonlyArray<{ readonly address: string }>>
  lookupService (address: string): Promise<{ readonly hostname: string }>
}

const systemNames: NameService = {
  hostname,
  lookup: host => dns.lookup(host, { all: true, verbatim: false }),
  lookupService: address => dns.lookupService(address, 0),
}

/**
 * This machine's name as Java's InetAddress.getLocalHost().getCanonicalHostName() tells it: the
 * name of the address of its own name, if that leads back there, else the address. Rejects with the
 * system's error when its own name is not known.
 */
export async function canonicalHostName (names: NameService = systemNames): Promise<string> {
  const address = (await names.lookup(names.hostname()))[0]?.address ?? ''
  try {
    const name = (await names.lookupService(address)).hostname
    return (await names.lookup(name)).some(it => it.address === address) ? name : address
  } catch {
    return address
  }
}
