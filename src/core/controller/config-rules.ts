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
  check (
    type: number, name: string, values: ConfigValues, dynamic: DynamicValues
  ): Failure | undefined
  /** Whether APPEND and SUBTRACT make sense for the key. */
  isList (type: number, key: string): boolean
  /** D13.13: the key's built-in default, which APPEND and SUBTRACT start from; null without one. */
  builtInDefault (type: number, key: string): string | null
  /** What a topic's text means, as its own parser reads it; undefined for one that is wrong. */
  topicValue (key: string, text: string): unknown
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
  topicName: string, key: string, { image, settings }: SettingsView
): unknown {
  const { node, cluster } = dynamicValues(image, settings.nodeId)
  const text = image.configs.of(resourceType.TOPIC, topicName).get(key) ?? node.get(key) ??
    cluster.get(key)
  return text === undefined ? undefined : settings.configs.topicValue(key, text)
}

interface SettingsView { readonly image: MetadataImage, readonly settings: TopicDefaults & { readonly configs: Pick<ConfigRules, 'topicValue'> } }

/**
 * Never above the replication factor: a minimum that cannot be met would empty the ELR (D13.15).
 */
export function minIsrOf (
  topicName: string, replicationFactor: number, view: SettingsView
): number {
  const minIsr = topicSetting(topicName, 'min.insync.replicas', view) as number | undefined
  return Math.min(minIsr ?? view.settings.minInsyncReplicas, replicationFactor)
}

export function mayElectUnclean (topicName: string, view: SettingsView): boolean {
  const unclean = topicSetting(topicName, 'unclean.leader.election.enable', view) as boolean | undefined
  return unclean ?? view.settings.uncleanLeaderElectionEnable
}
