/**
 * Whose data a directory holds: cluster id, node id and directory id, written when an empty
 * directory is first used, and checked at every start. A directory is ours by a file that we alone
 * write; Apache Kafka does not start on it, and its directories are never touched here.
 */
import {
  closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync,
  statfsSync, statSync, unlinkSync, writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isUuid } from '../protocol/uuid.ts'
import { meant } from './config/meant.ts'
import { parseProperties, propertiesText } from './config/properties.ts'
import { newId } from './process-environment.ts'

export interface DataDirectory {
  /** Absolute. */
  readonly path: string
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string
}

type Identity = Omit<DataDirectory, 'path'>

/** What people must do before this directory can be used. */
export class DataDirectoryError extends Error {
  override name = 'DataDirectoryError'
}

/** Ours alone: whoever looks for Kafka's `meta.properties` finds no directory of Kafka here. */
const OWN_FILE = 'ottla.properties'
/** The last thing that a broker writes when it stops in order (R 2.5.6). */
const CLEAN_SHUTDOWN_FILE = '.ottla_cleanshutdown'
export const NO_BROKER_EPOCH = -1n
const FORMAT_VERSION = '1'
/** Written beside the file that they become. */
const UNFINISHED = '.tmp'

const KAFKA_FILE = 'meta.properties'
const KAFKA_CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
/** The store's, of which each directory that has been used has all. */
const STORE_NAMES = ['journal', 'volumes', 'table.mdb'] as const
/** What our first versions kept in a directory, all of it. */
const EARLIER_NAMES: ReadonlySet<string> = new Set([
  KAFKA_FILE, KAFKA_CLEAN_SHUTDOWN_FILE, `${KAFKA_CLEAN_SHUTDOWN_FILE}${UNFINISHED}`,
  ...STORE_NAMES, 'table.mdb-lock', 'lock',
])

/** File systems, desktops and repositories leave these in directories that are empty. */
const NOBODYS = /^(?:lost\+found|\.DS_Store|\.git(?:ignore|keep)|\.keep|\.snapshot|\.nfs.*|\.Trash-.*)$/

/**
 * Opens the directory, formatting it if it is empty. Throws DataDirectoryError, with the remedy and
 * without having touched anything, for the data of another cluster, node or program.
 */
export function openDataDirectory (
  given: string, nodeId: number, clusterId: string | undefined
): DataDirectory {
  const path = resolve(given)
  const wanted = { nodeId, clusterId: clusterIdOf(clusterId) }
  try {
    makeDirectory(path)
  } catch (error) {
    throw new DataDirectoryError(`log.dirs=${path} cannot be made (${(error as Error).message}). ` +
      'Name a directory that this user may write.')
  }
  const stored = existsSync(join(path, OWN_FILE)) ? readOwn(path) : readEarlier(path)
  if (stored === undefined) return format(path, wanted)
  const identity = { ...stored, clusterId: stored.clusterId || wanted.clusterId || newId() }
  checkIdentity(path, identity, wanted)
  leaveKafkasNames(path, identity)
  return { path, ...identity }
}

/** Whether a broker of ours keeps, or has kept, its data there. */
export function isDataDirectory (path: string): boolean {
  return existsSync(join(path, OWN_FILE)) || earlierIdentity(path) !== undefined
}

/**
 * The id that CLUSTER_ID, or an option of the library, asks for; undefined if it asks for none.
 * Kafka takes any text. Throws DataDirectoryError for one that no line and no log could show.
 */
export function clusterIdOf (text: string | undefined): string | undefined {
  const id = meant(text)
  if (id === undefined || isClusterId(id)) return id
  throw new DataDirectoryError(`CLUSTER_ID=${JSON.stringify(id)}: an id has at most ${CLUSTER_ID_LENGTH_MAX} ` +
    'characters and no control characters. Leave it out to have one made, 22 characters of base64.')
}

const CLUSTER_ID_LENGTH_MAX = 255

/** What is written and what is read pass the same check. */
function isClusterId (id: string): boolean {
  return id !== '' && id === meant(id) && id.length <= CLUSTER_ID_LENGTH_MAX && !/\p{Cc}/u.test(id)
}

/** R-S8: with every directory on the way to it. Node's own recursion never ends below /proc. */
function makeDirectory (path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = dirname(path)
  if (parent !== path) makeDirectory(parent)
  mkdirSync(path)
  syncDirectory(parent)
}

function readOwn (path: string): Identity {
  const file = join(path, OWN_FILE)
  const identity = identityIn(readFileSync(file, 'utf8'))
  if (identity !== undefined) return identity
  throw new DataDirectoryError(`${file} is not one that this version of ottla wrote. ` +
    'Point log.dirs to another directory, or use the version that wrote it.')
}

function identityText ({ clusterId, nodeId, directoryId }: Identity): string {
  return propertiesText([
    ['version', FORMAT_VERSION], ['cluster.id', clusterId], ['node.id', String(nodeId)], ['directory.id', directoryId],
  ])
}

/** Undefined for a text that we have not written. */
function identityIn (text: string): Identity | undefined {
  let values: ReadonlyMap<string, string>
  try {
    values = parseProperties(text)
  } catch {
    return undefined
  }
  const clusterId = values.get('cluster.id') ?? ''
  const nodeId = Number(values.get('node.id') ?? NaN)
  const directoryId = values.get('directory.id') ?? ''
  const isOurs = values.get('version') === FORMAT_VERSION && isClusterId(clusterId) &&
    Number.isInteger(nodeId) && nodeId >= 0 && isUuid(directoryId)
  return isOurs ? { clusterId, nodeId, directoryId } : undefined
}

/**
 * Our first versions wrote Kafka's file, in a form of their own: always these keys in this order,
 * nothing escaped, and without the comments that Java begins with.
 */
const EARLIER_FORM = /^version=1\ncluster\.id=(.*)\nnode\.id=(\d{1,10})\ndirectory\.id=([\w-]{22})\n$/

/** Its cluster id may be empty: those versions took CLUSTER_ID as it was. */
function earlierIdentityIn (text: string): Identity | undefined {
  const [, clusterId, nodeId, directoryId] = EARLIER_FORM.exec(text) ?? []
  if (clusterId === undefined || directoryId === undefined || !isUuid(directoryId)) return undefined
  return { clusterId: meant(clusterId) ?? '', nodeId: Number(nodeId), directoryId }
}

function earlierIdentity (path: string): Identity | undefined {
  const file = join(path, KAFKA_FILE)
  const identity = existsSync(file) ? earlierIdentityIn(readFileSync(file, 'utf8')) : undefined
  if (identity === undefined) return undefined
  const names = readdirSync(path)
  const isUsed = STORE_NAMES.every(name => names.includes(name))
  return isUsed || names.every(name => EARLIER_NAMES.has(name) || NOBODYS.test(name))
    ? identity
    : undefined
}

/** Undefined: the directory is empty. */
function readEarlier (path: string): Identity | undefined {
  const identity = earlierIdentity(path)
  if (identity !== undefined) return identity
  const foreign = readdirSync(path).filter(name => !NOBODYS.test(name) && !isUnfinished(path, name))
  if (foreign.length === 0) return undefined
  if (foreign.includes(KAFKA_FILE) || foreign.includes(KAFKA_CLEAN_SHUTDOWN_FILE)) {
    throw new DataDirectoryError(`${path} holds the data of Apache Kafka, which ottla does not read. ` +
      'Point log.dirs to an empty directory; to take the topics over, copy them from a running Kafka with a mirror.')
  }
  throw new DataDirectoryError(`${path} is not empty and was not made by ottla (it has ${foreign.slice(0, 3).join(', ')}). ` +
    'Point log.dirs to an empty directory.')
}

/** A start that was interrupted before it had a directory leaves this, and nothing besides. */
function isUnfinished (path: string, name: string): boolean {
  if (name === `${OWN_FILE}${UNFINISHED}`) return true
  // Java begins with a comment.
  return name === `${KAFKA_FILE}${UNFINISHED}` && !readFileSync(join(path, name), 'utf8').startsWith('#')
}

interface Wanted { readonly nodeId: number, readonly clusterId: string | undefined }

function checkIdentity (path: string, stored: Identity, { nodeId, clusterId }: Wanted): void {
  if (clusterId !== undefined && clusterId !== stored.clusterId) {
    throw new DataDirectoryError(`${path} holds the data of cluster ${stored.clusterId}, but CLUSTER_ID is ${clusterId}. ` +
      `Set CLUSTER_ID=${stored.clusterId}, or point log.dirs to an empty directory.`)
  }
  if (nodeId !== stored.nodeId) {
    throw new DataDirectoryError(`${path} holds the data of node ${stored.nodeId}, but node.id is ${nodeId}. ` +
      `Set node.id=${stored.nodeId}, or point log.dirs to an empty directory.`)
  }
}

function format (path: string, { nodeId, clusterId }: Wanted): DataDirectory {
  const identity: Identity = { clusterId: clusterId ?? newId(), nodeId, directoryId: newId() }
  writeDurably(path, join(path, OWN_FILE), identityText(identity))
  return { path, ...identity }
}

/**
 * A directory of our first versions becomes one of ours by name, so that Kafka leaves it alone.
 * Each step may be the last before a crash: the next start goes on with what is left.
 */
function leaveKafkasNames (path: string, identity: Identity): void {
  const own = join(path, OWN_FILE)
  if (!existsSync(own)) writeDurably(path, own, identityText(identity))
  const before = join(path, KAFKA_FILE)
  if (!existsSync(before)) return
  // One of another form came later, by Kafka's tools, and is not ours to remove.
  if (earlierIdentityIn(readFileSync(before, 'utf8'))?.directoryId !== identity.directoryId) return
  const shutdown = join(path, KAFKA_CLEAN_SHUTDOWN_FILE)
  if (existsSync(shutdown)) renameSync(shutdown, join(path, CLEAN_SHUTDOWN_FILE))
  unlinkSync(before)
  syncDirectory(path)
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
 * The broker epoch with which this directory was left in order, -1 if it was not. Asked once a
 * start: from then on the directory counts as not left in order (R 2.4.4).
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
  writeDurably(path, join(path, CLEAN_SHUTDOWN_FILE),
    JSON.stringify({ version: 0, brokerEpoch: Number(brokerEpoch) }))
}

/** R-S8: the file is whole or absent, whatever happens on the way. */
function writeDurably (path: string, file: string, text: string): void {
  const temporary = `${file}${UNFINISHED}`
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
