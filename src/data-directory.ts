/**
 * Whose data a directory holds: Kafka's own `meta.properties` (cluster id, node id, directory id),
 * written when an empty directory is first used, and checked at every start.
 */
import {
  closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statfsSync,
  statSync, unlinkSync, writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isUuid } from '../protocol/uuid.ts'
import { newId } from './process-environment.ts'

export interface DataDirectory {
  /** Absolute. */
  readonly path: string
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string
}

/** What people must do before this directory can be used. */
export class DataDirectoryError extends Error {
  override name = 'DataDirectoryError'
}

const FILE = 'meta.properties'
/** Kafka's own name: the last thing that a broker writes when it stops in order (R 2.5.6). */
const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
export const NO_BROKER_EPOCH = -1n
const FORMAT_VERSION = '1'

/**
 * Opens the directory, formatting it if it is empty. Throws DataDirectoryError, with the remedy, for
 * the data of another cluster, node or program.
 */
export function openDataDirectory (given: string, nodeId: number, clusterId: string | undefined): DataDirectory {
  const path = resolve(given)
  try {
    makeDirectory(path)
  } catch (error) {
    throw new DataDirectoryError(`log.dirs=${path} cannot be made (${(error as Error).message}). ` +
      'Name a directory that this user may write.')
  }
  const file = join(path, FILE)
  return existsSync(file) ? read(path, file, nodeId, clusterId) : format(path, file, nodeId, clusterId)
}

/** R-S8: with every directory on the way to it. Node's own recursion never ends below /proc. */
function makeDirectory (path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = dirname(path)
  if (parent !== path) makeDirectory(parent)
  mkdirSync(path)
  syncDirectory(parent)
}

function read (path: string, file: string, nodeId: number, clusterId: string | undefined): DataDirectory {
  const values = new Map(readFileSync(file, 'utf8').split('\n')
    .filter(line => /^[^#]+=/.test(line))
    .map(line => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]))
  const stored = {
    version: values.get('version') ?? '',
    clusterId: values.get('cluster.id') ?? '',
    nodeId: Number(values.get('node.id') ?? NaN),
    directoryId: values.get('directory.id') ?? '',
  }
  if (stored.version !== FORMAT_VERSION || !isUuid(stored.directoryId) || stored.clusterId === '') {
    throw new DataDirectoryError(`${file} is not one that this version of ottla wrote. ` +
      'Point log.dirs to another directory, or use the version that wrote it.')
  }
  if (clusterId !== undefined && clusterId !== stored.clusterId) {
    throw new DataDirectoryError(`${path} holds the data of cluster ${stored.clusterId}, but CLUSTER_ID is ${clusterId}. ` +
      `Set CLUSTER_ID=${stored.clusterId}, or point log.dirs to an empty directory.`)
  }
  if (nodeId !== stored.nodeId) {
    throw new DataDirectoryError(`${path} holds the data of node ${stored.nodeId}, but node.id is ${nodeId}. ` +
      `Set node.id=${stored.nodeId}, or point log.dirs to an empty directory.`)
  }
  return { path, clusterId: stored.clusterId, nodeId, directoryId: stored.directoryId }
}

function format (path: string, file: string, nodeId: number, clusterId: string | undefined): DataDirectory {
  const foreign = readdirSync(path).filter(name => name !== 'lost+found' && !name.startsWith('.'))
  if (foreign.length > 0) {
    throw new DataDirectoryError(`${path} is not empty and was not made by ottla (it has ${foreign.slice(0, 3).join(', ')}). ` +
      'Point log.dirs to an empty directory.')
  }
  const made: DataDirectory = { path, clusterId: clusterId ?? newId(), nodeId, directoryId: newId() }
  const text = `version=${FORMAT_VERSION}\ncluster.id=${made.clusterId}\nnode.id=${nodeId}\ndirectory.id=${made.directoryId}\n`
  writeDurably(path, file, text)
  return made
}

export const UNKNOWN_SPACE = { totalBytes: -1n, usableBytes: -1n } as const

/** Of the file system that the directory is on; -1 where the system does not say. */
export function diskSpace (path: string): { totalBytes: bigint, usableBytes: bigint } {
  try {
    const { bsize, blocks, bavail } = statfsSync(path, { bigint: true })
    return { totalBytes: bsize * blocks, usableBytes: bsize * bavail }
  } catch {
    return UNKNOWN_SPACE
  }
}

/**
 * The broker epoch with which this directory was left in order, -1 if it was not. Asked once a start:
 * from then on the directory counts as not left in order (R 2.4.4).
 */
export function takeCleanShutdown (path: string): bigint {
  const file = join(path, CLEAN_SHUTDOWN_FILE)
  if (!existsSync(file)) return NO_BROKER_EPOCH
  try {
    const { brokerEpoch } = JSON.parse(readFileSync(file, 'utf8')) as { brokerEpoch?: number }
    return Number.isSafeInteger(brokerEpoch) ? BigInt(brokerEpoch as number) : NO_BROKER_EPOCH
  } catch {
    return NO_BROKER_EPOCH
  } finally {
    unlinkSync(file)
    syncDirectory(path)
  }
}

/** Everything is on the disk: the next start may say so. */
export function writeCleanShutdown (path: string, brokerEpoch: bigint): void {
  writeDurably(path, join(path, CLEAN_SHUTDOWN_FILE), JSON.stringify({ version: 0, brokerEpoch: Number(brokerEpoch) }))
}

/** R-S8: the file is whole or absent, whatever happens on the way. */
function writeDurably (path: string, file: string, text: string): void {
  const temporary = `${file}.tmp`
  const descriptor = openSync(temporary, 'w')
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, file)
  syncDirectory(path)
}

function syncDirectory (path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
