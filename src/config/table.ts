/** Every setting that is known, by scope and name, and how names stand for one another. */
import { coordinatorSettings } from './rows-coordinators.ts'
import { logSettings } from './rows-log.ts'
import { nodeSettings } from './rows-node.ts'
import { quorumSettings } from './rows-quorum.ts'
import {
  clientMetricsSettings, clientQuotaSettings, dynamicOnlySettings, groupSettings, ipQuotaSettings,
} from './rows-resources.ts'
import { securitySettings } from './rows-security.ts'
import { shareSettings } from './rows-share.ts'
import { tieringSettings } from './rows-tiering.ts'
import { topicSettings } from './rows-topic.ts'
import { tableOf } from './setting.ts'
import type { Row, ValuesOf } from './setting.ts'

/**
 * Read by Kafka's authorizer, not by its broker, so Kafka's table of broker settings lacks them.
 */
const authorizerSettings = [
  ['super.users', 'string', '', '', 'read-only'],
  ['allow.everyone.if.no.acl.found', 'boolean', 'false', '', 'read-only'],
] as const satisfies readonly Row[]

const ownSettings = [
  // true: none of ottla's deliberate differences from Kafka.
  ['ottla.strict', 'boolean', 'false', '', 'read-only', 'honoured'],
  // Answers that clients have not taken yet, over all connections.
  ['ottla.queued.max.response.bytes', 'long', '67108864', '[1048576,...]', 'read-only', 'honoured'],
  // A sync of the data that takes longer has failed, and the broker stops.
  ['ottla.sync.timeout.ms', 'int', '30000', '[1000,...]', 'read-only', 'honoured'],
] as const satisfies readonly Row[]

/**
 * In the order of Kafka's definition: of several wrong values the first of these is told (D13.16).
 */
const allBrokerRows = [
  ...tieringSettings, ...nodeSettings, ...coordinatorSettings, ...logSettings, ...shareSettings,
  ...quorumSettings, ...securitySettings,
] as const

export type BrokerValues = ValuesOf<typeof allBrokerRows> &
  ValuesOf<typeof authorizerSettings> & ValuesOf<typeof ownSettings>
export type TopicValues = ValuesOf<typeof topicSettings>

/** Kafka's own broker settings: what DescribeConfigs of a broker shows. */
export const kafkaBrokerTable = tableOf(allBrokerRows)
/** What may stand in a broker's configuration file. */
export const brokerTable = tableOf([...allBrokerRows, ...authorizerSettings, ...ownSettings])
/** Set through AlterConfigs only. */
export const dynamicOnlyTable = tableOf(dynamicOnlySettings)
export const topicTable = tableOf(topicSettings)
export const groupTable = tableOf(groupSettings)
export const clientMetricsTable = tableOf(clientMetricsSettings)
export const clientQuotaTable = tableOf(clientQuotaSettings)
export const ipQuotaTable = tableOf(ipQuotaSettings)

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/**
 * A broker setting that stands behind another one; its value counts that many of the other's units.
 */
export interface Synonym { readonly name: string, readonly factor: number }

const same = (name: string): Synonym => ({ name, factor: 1 })
const minutes = (name: string): Synonym => ({ name, factor: MINUTE_MS })
const hours = (name: string): Synonym => ({ name, factor: HOUR_MS })

/** D13.7: broker settings that have several names. The first that is set counts. */
const families: ReadonlyMap<string, readonly Synonym[]> = new Map([
  [same('log.roll.ms'), hours('log.roll.hours')],
  [same('log.roll.jitter.ms'), hours('log.roll.jitter.hours')],
  [same('log.retention.ms'), minutes('log.retention.minutes'), hours('log.retention.hours')],
  [same('log.flush.interval.ms'), same('log.flush.scheduler.interval.ms')],
].map(family => [family[0]!.name, family]))

export function familyOf (name: string): readonly Synonym[] {
  return families.get(name) ?? [same(name)]
}

/** Where a topic's key has another name than the broker's key behind it. */
const brokerKeys: Readonly<Record<string, string>> = {
  'cleanup.policy': 'log.cleanup.policy',
  'delete.retention.ms': 'log.cleaner.delete.retention.ms',
  'file.delete.delay.ms': 'log.segment.delete.delay.ms',
  'flush.messages': 'log.flush.interval.messages',
  'flush.ms': 'log.flush.interval.ms',
  'index.interval.bytes': 'log.index.interval.bytes',
  'local.retention.bytes': 'log.local.retention.bytes',
  'local.retention.ms': 'log.local.retention.ms',
  'max.compaction.lag.ms': 'log.cleaner.max.compaction.lag.ms',
  'max.message.bytes': 'message.max.bytes',
  'message.timestamp.after.max.ms': 'log.message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms': 'log.message.timestamp.before.max.ms',
  'message.timestamp.type': 'log.message.timestamp.type',
  'min.cleanable.dirty.ratio': 'log.cleaner.min.cleanable.ratio',
  'min.compaction.lag.ms': 'log.cleaner.min.compaction.lag.ms',
  preallocate: 'log.preallocate',
  'remote.copy.lag.bytes': 'log.remote.copy.lag.bytes',
  'remote.copy.lag.ms': 'log.remote.copy.lag.ms',
  'retention.bytes': 'log.retention.bytes',
  'retention.ms': 'log.retention.ms',
  'segment.bytes': 'log.segment.bytes',
  'segment.index.bytes': 'log.index.size.max.bytes',
  'segment.jitter.ms': 'log.roll.jitter.ms',
  'segment.ms': 'log.roll.ms',
}

/** These keys are named alike in a topic and in the broker. */
const SHARED_KEYS: ReadonlySet<string> = new Set([
  'compression.gzip.level', 'compression.lz4.level', 'compression.type', 'compression.zstd.level',
  'max.decompressed.message.bytes', 'min.insync.replicas', 'unclean.leader.election.enable',
])

/** The broker's key behind a topic's key; undefined where there is none. */
export function brokerKeyOfTopic (key: string): string | undefined {
  if (SHARED_KEYS.has(key)) return key
  return Object.hasOwn(brokerKeys, key) ? brokerKeys[key] : undefined
}

/** The broker's key behind a group's key: `consumer.x` has `group.consumer.x`. */
export function brokerKeyOfGroup (key: string): string | undefined {
  if (key === 'streams.assignor.name') return 'group.streams.assignors'
  const brokerKey = `group.${key}`
  return groupTable.has(key) && brokerTable.has(brokerKey) ? brokerKey : undefined
}

const LISTENER_PREFIX = /^listener\.name\.[^.]+\.(.+)$/

/**
 * The setting that a key of a broker's configuration means: itself, or, for `listener.name.x.key`
 * and `listener.name.x.mechanism.key`, the key that it sets for one listener.
 */
export function settingNameOf (key: string): string | undefined {
  if (brokerTable.has(key)) return key
  let rest = LISTENER_PREFIX.exec(key)?.[1]
  while (rest !== undefined && rest !== '') {
    if (brokerTable.has(rest)) return rest
    const dot = rest.indexOf('.')
    rest = dot === -1 ? undefined : rest.slice(dot + 1)
  }
  return undefined
}
