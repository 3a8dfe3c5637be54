/** What the controller must know about settings, told by the room that has the table of them. */
import type { MetadataImage } from '../metadata/image.ts'
import { CLUSTER_DEFAULT, resourceType } from '../metadata/configs.ts'
import type { ConfigValues } from '../metadata/configs.ts'
import { code } from '../../../protocol/errors.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'

/** Dynamic values that lie between a topic's own and the broker's file (D13.7). */
export interface DynamicValues {
  readonly node: ConfigValues
  readonly cluster: ConfigValues
}

/** One row of a topic's effective configuration (D10.11). */
export interface EffectiveConfig {
  readonly name: string
  readonly value: string | null
  readonly source: number
  readonly sensitive: boolean
}

export interface ConfigRules {
  /**
   * D13.15-16, 18, 19: what is wrong with the whole set of a resource's values; undefined if
   * nothing.
   */
  check (type: number, name: string, values: ConfigValues, dynamic: DynamicValues): Failure | undefined
  /** Whether APPEND and SUBTRACT make sense for the key. */
  isList (type: number, key: string): boolean
  /** D13.13: the key's built-in default, which APPEND and SUBTRACT start from; null without one. */
  builtInDefault (type: number, key: string): string | null
  /** Sorted by name; internal keys only where set. */
  effectiveTopicConfigs (values: ConfigValues, dynamic: DynamicValues): readonly EffectiveConfig[]
}

/** What the file or the default says; topic and dynamic values come out of the image. */
export interface TopicDefaults {
  readonly nodeId: number
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
}

export function dynamicValues (image: MetadataImage, nodeId: number): DynamicValues {
  return {
    node: image.configs.of(resourceType.BROKER, String(nodeId)),
    cluster: image.configs.of(resourceType.BROKER, CLUSTER_DEFAULT),
  }
}

const VALUE_LENGTH_MAX = 32_767

/** D13.14: what a ConfigRecord may carry. */
export const valueTooLong: Failure = failure(code.INVALID_CONFIG,
  'The configuration value cannot be added because it exceeds the maximum value size of ' +
  `${VALUE_LENGTH_MAX} bytes.`)

export function isTooLong (value: string): boolean { return value.length > VALUE_LENGTH_MAX }

/**
 * The broker's key is named like the topic's for both settings that the controller itself obeys.
 */
function topicSetting (
  topicName: string, key: string, image: MetadataImage, nodeId: number
): string | undefined {
  const { node, cluster } = dynamicValues(image, nodeId)
  return image.configs.of(resourceType.TOPIC, topicName).get(key) ?? node.get(key) ?? cluster.get(key)
}

/**
 * Never above the replication factor: a minimum that cannot be met would empty the ELR (D13.15).
 */
export function minIsrOf (
  topicName: string, replicationFactor: number,
  { image, settings }: { image: MetadataImage, settings: TopicDefaults }
): number {
  const value = topicSetting(topicName, 'min.insync.replicas', image, settings.nodeId)
  const minIsr = value === undefined ? settings.minInsyncReplicas : Number(value)
  return Math.min(minIsr, replicationFactor)
}

export function mayElectUnclean (
  topicName: string, { image, settings }: { image: MetadataImage, settings: TopicDefaults }
): boolean {
  const value = topicSetting(topicName, 'unclean.leader.election.enable', image, settings.nodeId)
  return value === undefined
    ? settings.uncleanLeaderElectionEnable
    : value.trim().toLowerCase() === 'true'
}
