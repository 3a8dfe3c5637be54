/**
 * What DescribeConfigs says of each kind of resource: every key with its value and where it is
 * from.
 */
import { configSource } from '../../protocol/config-source.ts'
import { documentationOf } from './documentation.ts'
import type { Scope } from './documentation.ts'
import { brokerSynonyms, effectiveTopicText, isSecret } from './effective.ts'
import type { DynamicTexts, SynonymText } from './effective.ts'
import type { Setting, SettingType } from './setting.ts'
import {
  brokerKeyOfGroup, brokerKeyOfTopic, brokerTable, clientMetricsTable, dynamicOnlyTable, groupTable,
  kafkaBrokerTable, settingNameOf, topicTable,
} from './table.ts'
import { valueTextOf } from './value.ts'

type Texts = ReadonlyMap<string, string>

export interface Described {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly source: number
  readonly sensitive: boolean
  readonly synonyms: readonly SynonymText[]
  /** KIP-569's number. */
  readonly type: number
  readonly documentation: string | null
}

const TYPES: Readonly<Record<SettingType, number>> = {
  boolean: 1, string: 2, int: 3, short: 4, long: 5, double: 6, list: 7, class: 8, password: 9,
}
const UNKNOWN_TYPE = 0

interface Facts {
  readonly setting: Setting | undefined
  readonly text: string | null
  readonly synonyms: readonly SynonymText[]
  readonly sensitive: boolean
  readonly readOnly?: boolean
}

function described (
  scope: Scope, name: string, { setting, text, synonyms, sensitive, readOnly = false }: Facts
): Described {
  const shown = text === null || setting === undefined ? text : valueTextOf(setting, text)
  return {
    name,
    value: sensitive ? null : shown,
    readOnly,
    // D13.7: nothing known about where it is from means the default.
    source: synonyms[0]?.source ?? configSource.DEFAULT,
    sensitive,
    synonyms,
    type: setting === undefined ? UNKNOWN_TYPE : TYPES[setting.type],
    documentation: setting === undefined ? null : documentationOf(scope, setting.name),
  }
}

/** D13.7: the resource's own value, as it is shown. */
function own (
  name: string, setting: Setting | undefined, overrides: Texts, source: number, sensitive: boolean
): SynonymText[] {
  const text = overrides.get(name)
  if (text === undefined) return []
  const shown = setting === undefined ? text : valueTextOf(setting, text)
  return [{ name, text: sensitive ? null : shown, source }]
}

/** The tables stand in the order in which values are checked; people look for a name. */
function byName (...names: ReadonlyArray<Iterable<string>>): string[] {
  return [...new Set(names.flatMap(some => [...some]))].sort()
}

/** D13.2: all keys but internal ones that nobody set, and whatever else is stored. */
export function describeTopic (
  overrides: Texts, dynamic: DynamicTexts, staticTexts: Texts
): Described[] {
  return byName(topicTable.keys(), overrides.keys())
    .filter(name => overrides.has(name) || topicTable.get(name)?.internal === false)
    .map(name => {
      const setting = topicTable.get(name)
      const sensitive = setting?.sensitive ?? true
      const brokerKey = brokerKeyOfTopic(name)
      return described('topic', name, {
        setting,
        text: effectiveTopicText(name, overrides, dynamic, staticTexts).text,
        sensitive,
        synonyms: [
          ...own(name, setting, overrides, configSource.TOPIC, sensitive),
          ...brokerKey === undefined ? [] : brokerSynonyms(brokerKey, dynamic, staticTexts),
        ],
      })
    })
}

/** D13.3: all of a broker's keys, and the extra ones of its file. */
export function describeBroker (dynamic: DynamicTexts, staticTexts: Texts): Described[] {
  return byName(kafkaBrokerTable.keys(), staticTexts.keys(), dynamic.node.keys(),
    dynamic.cluster.keys())
    .filter(
      name => kafkaBrokerTable.get(name)?.internal !== true || isSet(name, dynamic, staticTexts)
    )
    .map(name => {
      const setting = settingOf(name)
      const text = dynamic.node.get(name) ?? dynamic.cluster.get(name) ?? staticTexts.get(name) ??
        setting?.defaultText ?? null
      return described('broker', name, {
        setting,
        text,
        sensitive: isSecret(name),
        readOnly: !isDynamic(name),
        synonyms: brokerSynonyms(name, dynamic, staticTexts),
      })
    })
}

function isSet (name: string, { node, cluster }: DynamicTexts, staticTexts: Texts): boolean {
  return node.has(name) || cluster.has(name) || staticTexts.has(name)
}

/** D13.3: the empty name stands for all brokers: only what is set for them. */
export function describeClusterDefault (cluster: Texts): Described[] {
  return [...cluster].map(([name, text]) => {
    const sensitive = isSecret(name)
    return described('broker', name, {
      setting: settingOf(name),
      text,
      sensitive,
      readOnly: !isDynamic(name),
      synonyms: [
        { name, text: sensitive ? null : text, source: configSource.DYNAMIC_DEFAULT_BROKER },
      ],
    })
  })
}

function settingOf (name: string): Setting | undefined {
  const meant = settingNameOf(name) ?? name
  return brokerTable.get(meant) ?? dynamicOnlyTable.get(meant)
}

/** D13.6: whether a broker's key can be changed while it runs. */
export function isDynamic (name: string): boolean {
  const setting = settingOf(name)
  return setting !== undefined && setting.updateMode !== 'read-only'
}

/** D13.8. */
export function describeGroup (
  overrides: Texts, dynamic: DynamicTexts, staticTexts: Texts
): Described[] {
  return byName(groupTable.keys())
    .map(name => groupTable.get(name) as Setting)
    .filter(({ name, internal }) => !internal || overrides.has(name))
    .map(setting => {
      const { name, defaultText, sensitive } = setting
      const brokerKey = brokerKeyOfGroup(name)
      const behind = brokerKey === undefined
        ? defaultSynonym(name, defaultText)
        : brokerSynonyms(brokerKey, dynamic, staticTexts)
      const text = overrides.get(name) ?? behind[0]?.text ?? defaultText ?? null
      const synonyms = [...own(name, setting, overrides, configSource.GROUP, sensitive), ...behind]
      return described('group', name, { setting, text, sensitive, synonyms })
    })
}

function defaultSynonym (name: string, text: string | null | undefined): SynonymText[] {
  return text === null || text === undefined ? [] : [{ name, text, source: configSource.DEFAULT }]
}

/** D13.8. */
export function describeClientMetrics (overrides: Texts): Described[] {
  return byName(clientMetricsTable.keys()).map(key => {
    const setting = clientMetricsTable.get(key) as Setting
    const { name, defaultText, sensitive } = setting
    return described('clientMetrics', name, {
      setting,
      text: overrides.get(name) ?? defaultText ?? null,
      sensitive,
      synonyms: own(name, setting, overrides, configSource.CLIENT_METRICS, sensitive),
    })
  })
}
