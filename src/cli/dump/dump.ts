/**
 * `ottla dump`: what is stored, without a broker. A data directory is opened as the broker opens
 * it, over a disk that is only read; it is refused while a broker runs there.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DecodeError } from '../../../protocol/cursor.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { isDataDirectory } from '../../data-directory.ts'
import type { Disk } from '../../store/disk.ts'
import { nodeDisk } from '../../store/disk-node.ts'
import { openStore, StoreError } from '../../store/store.ts'
import type { Store } from '../../store/store.ts'
import { batchRow, recordRow } from './record.ts'
import { bytesSource, journalSources, sourcesOf } from './source.ts'
import type { Source } from './source.ts'
import { CommandError, throwFailures } from '../error.ts'
import { jsonOf, show } from '../output.ts'
import type { Row, Value } from '../output.ts'
import { readOnlyDisk } from './read-only-disk.ts'
import type { Terminal } from '../terminal.ts'
import { write } from '../terminal.ts'
import { visible } from '../visible.ts'

export interface DumpOptions {
  readonly json?: boolean
  readonly log: readonly string[]
  readonly batches?: boolean
  readonly records?: boolean
  readonly from?: number
  readonly limit?: number
}

export async function dump (path: string, options: DumpOptions, terminal: Terminal): Promise<void> {
  const given = resolve(path)
  if (!statSync(given).isDirectory()) {
    await dumpSources(chosen(await fileSources(given), options.log), options, terminal)
    return
  }
  checkDirectory(given)
  const lock = await lockOf(given)
  try {
    const { disk, close } = readOnlyDisk()
    const store = await openReadOnly(given, disk).catch((error: unknown) => {
      throw isDamage(error) ? new CommandError(`${given} cannot be opened: ${withRemedy(error.message)}`) : error
    })
    try {
      await dumpSources(chosen(await sourcesOf(store), options.log), options, terminal)
    } finally {
      await store.close()
      await close()
    }
  } finally {
    lock.release()
  }
}

function checkDirectory (path: string): void {
  if (isDataDirectory(path)) return
  if (existsSync(join(path, 'meta.properties'))) {
    throw new CommandError(`${path} was not written by ottla: of Apache Kafka's data, name one .log or .checkpoint file`)
  }
  throw new CommandError(`${path} is no data directory of ottla; name the directory that log.dirs names`)
}

/**
 * What reading damaged bytes throws: their own errors, and what LMDB says of pages that make no
 * sense.
 */
function isDamage (error: unknown): error is Error {
  return error instanceof StoreError || error instanceof RecordError ||
    error instanceof DecodeError ||
    error instanceof RangeError || (error instanceof Error && error.message.startsWith('MDB_'))
}

function withRemedy (text: string): string {
  return /restore/.test(text) ? text : `${text}; restore the directory from a copy`
}

/** While a broker runs there its files change under the reader. */
async function lockOf (path: string): Promise<{ release (): void }> {
  const file = join(path, 'lock')
  try {
    return await nodeDisk().lock(file)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'LOCKED') {
      throw new CommandError(`a broker runs on ${path}: stop it first, or dump a copy of the directory`)
    }
    const { code } = error as NodeJS.ErrnoException
    // Where nothing may be written nobody can run a broker either, unless it is another user's.
    const mayNotWrite = code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
    if (!mayNotWrite) throw error
    if (existsSync(file)) throw new CommandError(`${file} says that a broker runs there: stop it first, or dump a copy`)
    return { release: () => {} }
  }
}

async function openReadOnly (path: string, disk: Disk): Promise<Store> {
  return await openStore(path, {
    disk,
    nowMs: () => Date.now(),
    // Nothing happens by itself: no flush, no scrub.
    setTimer: () => ({ cancel: () => {} }),
    atTurnEnd: run => { setImmediate(run) },
    log: () => {},
  })
}

function chosen (sources: readonly Source[], names: readonly string[]): readonly Source[] {
  if (names.length === 0) return sources
  return names.flatMap(name => {
    const found = sources.filter(source => source.name === name || `${source.topic}-${source.partition}` === name)
    if (found.length > 0) return found
    throw new CommandError(`--log ${name}: there is no such log; without --log all are listed`)
  })
}

/** By its name: our journal, or batches as Kafka's own files have them. */
async function fileSources (path: string): Promise<readonly Source[]> {
  const name = basename(path)
  if (name.endsWith('.volume') || name.endsWith('.mdb')) {
    throw new CommandError(`${path} is one part of a data directory: name the directory itself`)
  }
  try {
    if (name.endsWith('.journal')) return await journalSources(path)
    return [{ ...bytesSource(name, readFileSync(path)), ...topicOfFile(path) }]
  } catch (error) {
    if (isDamage(error)) throw new CommandError(`${path} holds no record batches: ${error.message}; name a .log, .checkpoint or .journal file`)
    throw error
  }
}

/** Kafka keeps each partition in a directory of its name. */
function topicOfFile (path: string): { topic?: string, partition?: number } {
  const [, topic, partition] = /^(.+)-(\d+)$/.exec(basename(dirname(path))) ?? []
  return topic === undefined ? {} : { topic, partition: Number(partition) }
}

async function dumpSources (
  sources: readonly Source[], options: DumpOptions, terminal: Terminal
): Promise<void> {
  const isDeep = options.batches === true || options.records === true
  const rows = sources.map((
    { name, topic = null, partition = null, startOffset, endOffset, bytes, damaged }
  ) =>
    ({ log: name, topic, partition, startOffset, endOffset, bytes, damaged }))
  if (options.json === true || !isDeep) {
    await show(terminal, options, {
      columns: ['topic', 'partition', 'startOffset', 'endOffset', 'bytes', 'damaged', 'log'], rows, nothing: 'no logs are there',
    })
  }
  const failures = sources.filter(({ damaged }) => damaged).map(({ name, endOffset }) =>
    `${name} is damaged or cut short behind offset ${endOffset}: what stands before is shown; restore it from a copy`)
  for (const source of isDeep ? sources : []) {
    try {
      await dumpBatches(source, options, terminal)
    } catch (error) {
      if (!isDamage(error)) throw error
      failures.push(`log ${source.name} cannot be read any further (${error.message}): restore it from a copy`)
    }
  }
  throwFailures(failures)
}

async function dumpBatches (
  source: Source, options: DumpOptions, terminal: Terminal
): Promise<void> {
  const line = (row: Row, what: string): string => options.json === true ? `${jsonOf(row)}\n` : lineOf(row, what)
  if (options.json !== true) await write(terminal.output, `${source.topic ?? source.name} ${source.partition ?? ''}  ${source.name}\n`)
  let count = 0
  for await (const batch of source.batches(BigInt(options.from ?? 0))) {
    if (options.limit !== undefined && count >= options.limit) return
    count += 1
    await write(terminal.output, line(batchRow(source.name, batch), 'batch'))
    if (options.records !== true) continue
    const texts: string[] = []
    for (const record of readable(batch)) texts.push(line(recordRow(source.name, source.topic, batch, record), '  record'))
    await write(terminal.output, texts.join(''))
  }
}

/** A batch that cannot be read has said so in its own line ("intact"). */
function readable (batch: Buffer) {
  try {
    return [...recordsOf(batch)]
  } catch (error) {
    if (error instanceof RecordError) return []
    throw error
  }
}

/** Its log stands above it. */
function lineOf (row: Row, what: string): string {
  return `${what} ${Object.entries(row).filter(([name]) => name !== 'log').map(([name, value]) => `${name}=${textOf(value)}`).join(' ')}\n`
}

function textOf (value: Value): string {
  return visible(typeof value === 'object' && value !== null ? jsonOf(value) : String(value))
}
