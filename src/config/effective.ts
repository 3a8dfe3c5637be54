/**
 * From which of many places a setting has its value: topic, this broker's dynamic settings, the
 * cluster's, the file, the default (D13.7-8, D10.11).
 */
import { configSource } from '../../protocol/config-source.ts'
import {
  brokerKeyOfTopic, brokerTable, dynamicOnlyTable, familyOf, settingNameOf, topicTable,
} from './table.ts'
import { valueIn } from './value.ts'

type Texts = ReadonlyMap<string, string>

/** What the metadata log says about this broker, and about all. */
export interface DynamicTexts { readonly node: Texts, readonly cluster: Texts }

export interface EffectiveText {
  readonly name: string
  readonly text: string | null
  readonly source: number
  readonly sensitive: boolean
}

/**
 * A topic's key as the log obeys it: the topic's own value, else the first of the broker's names
 * for it that has one, in the topic's unit, else the default.
 */
export function effectiveTopicText (
  key: string, overrides: Texts, { node, cluster }: DynamicTexts, staticTexts: Texts
): EffectiveText {
  const setting = topicTable.get(key)
  const found = (text: string | null, source: number): EffectiveText =>
    ({ name: key, text, source, sensitive: setting?.sensitive ?? true })
  const own = overrides.get(key)
  if (own !== undefined) return found(own, configSource.TOPIC)
  const brokerKey = brokerKeyOfTopic(key)
  const family = brokerKey === undefined ? [] : familyOf(brokerKey)
  const places: ReadonlyArray<readonly [Texts, number]> = [
    [node, configSource.DYNAMIC_BROKER],
    [cluster, configSource.DYNAMIC_DEFAULT_BROKER],
    [staticTexts, configSource.STATIC_BROKER],
  ]
  for (const [texts, source] of places) {
    for (const { name, factor } of family) {
      const text = texts.get(name)
      if (text === undefined) continue
      if (factor === 1) return found(text, source)
      const value = valueIn(brokerTable, name, text)
      // What was not checked where it was given is not counted in another unit.
      if (typeof value === 'number' || typeof value === 'bigint') {
        return found(String(BigInt(value) * BigInt(factor)), source)
      }
    }
  }
  return found(setting?.defaultText ?? null, configSource.DEFAULT)
}

export interface SynonymText {
  readonly name: string
  readonly text: string | null
  readonly source: number
}

/**
 * The names behind a broker's key: by place, then by name. What stands before the first entry of
 * the key itself is dropped, as Kafka does (D13.7).
 */
export function brokerSynonyms (
  key: string, { node, cluster }: DynamicTexts, staticTexts: Texts
): SynonymText[] {
  const names = namesBehind(key)
  const synonyms: SynonymText[] = []
  const collect = (texts: Texts, source: number): void => {
    for (const name of names) {
      const text = texts.get(name)
      if (text !== undefined) synonyms.push({ name, text: hiddenIfSecret(name, text), source })
    }
  }
  collect(node, configSource.DYNAMIC_BROKER)
  collect(cluster, configSource.DYNAMIC_DEFAULT_BROKER)
  collect(staticTexts, configSource.STATIC_BROKER)
  collect(brokerDefaults, configSource.DEFAULT)
  const first = synonyms.findIndex(({ name }) => name === key)
  return first === -1 ? [] : synonyms.slice(first)
}

function namesBehind (key: string): string[] {
  const meant = settingNameOf(key)
  return meant === undefined || meant === key ? familyOf(key).map(({ name }) => name) : [key, meant]
}

const brokerDefaults: Texts = new Map([...brokerTable.values()].flatMap(({ name, defaultText }) =>
  defaultText === null || defaultText === undefined ? [] : [[name, defaultText]]))

function hiddenIfSecret (name: string, text: string): string | null {
  return isSecret(name) ? null : text
}

/** D13.6: passwords, and keys of unknown type, because they might be. */
export function isSecret (name: string): boolean {
  const meant = settingNameOf(name) ?? name
  return (brokerTable.get(meant) ?? dynamicOnlyTable.get(meant))?.sensitive ?? true
}
