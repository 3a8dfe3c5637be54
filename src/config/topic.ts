/**
 * Settings of topics, groups and client metrics: what may be stored (D13.14-19), and what a topic
 * obeys. The controller's deciders take `configRules` as an argument.
 */
import { code, fittingText } from '../../protocol/errors.ts'
import { clientMetricsProblem } from './client-metrics.ts'
import { effectiveTopicText } from './effective.ts'
import type { DynamicTexts, EffectiveText } from './effective.ts'
import type { ConfigFailure } from './failure.ts'
import { groupProblem } from './group.ts'
import type { Setting, Value } from './setting.ts'
import { brokerTable, dynamicOnlyTable, topicTable } from './table.ts'
import type { TopicValues } from './table.ts'
import { firstProblem, parseValue, valueIn } from './value.ts'

type Texts = ReadonlyMap<string, string>

const RESOURCE = { TOPIC: 2, BROKER: 4, CLIENT_METRICS: 16, GROUP: 32 } as const

/** The static texts are the broker's file and what was assumed. */
export function configRules (staticTexts: Texts) {
  return {
    check (
      type: number, _name: string, values: Texts, dynamic: DynamicTexts
    ): ConfigFailure | undefined {
      switch (type) {
        case RESOURCE.TOPIC: return topicProblem(values, dynamic, staticTexts)
        case RESOURCE.CLIENT_METRICS: return clientMetricsProblem(values)
        case RESOURCE.GROUP: return groupProblem(values, staticTexts)
        default: return undefined
      }
    },
    isList: (type: number, key: string): boolean => schemaOf(type)?.get(key)?.type === 'list',
    builtInDefault: (type: number, key: string): string | null =>
      schemaOf(type)?.get(key)?.defaultText ?? null,
    topicValue: (key: string, text: string): Value | undefined => valueIn(topicTable, key, text),
    effectiveTopicConfigs: (values: Texts, dynamic: DynamicTexts) =>
      effectiveTopicTexts(values, dynamic, staticTexts)
        .map(({ text, ...rest }) => ({ ...rest, value: text })),
  }
}

/**
 * Kafka's controller knows the types of these keys only: nothing is a list of groups or client
 * metrics.
 */
function schemaOf (type: number): ReadonlyMap<string, Setting> | undefined {
  switch (type) {
    case RESOURCE.TOPIC: return topicTable
    case RESOURCE.BROKER: return brokerAndDynamic
    default: return undefined
  }
}

const brokerAndDynamic: ReadonlyMap<string, Setting> =
  new Map([...brokerTable, ...dynamicOnlyTable])

/** D13.15-16. */
function topicProblem (
  values: Texts, dynamic: DynamicTexts, staticTexts: Texts
): ConfigFailure | undefined {
  const invalid = (errorMessage: string): ConfigFailure =>
    ({ errorCode: code.INVALID_CONFIG, errorMessage: fittingText(errorMessage) })
  for (const name of values.keys()) {
    if (!topicTable.has(name)) return invalid(`Unknown topic config name: ${name}`)
  }
  const problem = firstProblem(topicTable, values)
  if (problem !== undefined) return invalid(problem)
  const value = <N extends keyof TopicValues & string>(name: N): TopicValues[N] =>
    topicValue(name, values, dynamic, staticTexts)
  const minLagMs = value('min.compaction.lag.ms')
  const maxLagMs = value('max.compaction.lag.ms')
  if (minLagMs > maxLagMs) {
    return invalid(`conflict topic config setting min.compaction.lag.ms (${minLagMs}) > ` +
      `max.compaction.lag.ms (${maxLagMs})`)
  }
  if (value('remote.storage.enable') && valueOr(false, 'remote.log.storage.system.enable', staticTexts) !== true) {
    return invalid('Tiered Storage functionality is disabled in the broker. ' +
      'Topic cannot be configured with remote log storage.')
  }
  return undefined
}

function valueOr (otherwise: Value, name: string, staticTexts: Texts): Value {
  return valueIn(brokerTable, name, staticTexts.get(name)) ?? otherwise
}

/**
 * The value that the topic obeys. One that was stored by an older version and is wrong counts as
 * unset.
 */
export function topicValue<N extends keyof TopicValues & string> (
  name: N, overrides: Texts, dynamic: DynamicTexts, staticTexts: Texts
): TopicValues[N] {
  const setting = topicTable.get(name)!
  const { text } = effectiveTopicText(name, overrides, dynamic, staticTexts)
  const parsed = text === null ? { value: null } : parseValue(setting, text)
  if ('value' in parsed) return parsed.value as TopicValues[N]
  const { defaultText } = setting
  const fallback = defaultText == null ? { value: null } : parseValue(setting, defaultText)
  return ('value' in fallback ? fallback.value : null) as TopicValues[N]
}

/** D10.11: every key sorted by name; internal ones only where somebody set them. */
function effectiveTopicTexts (
  overrides: Texts, dynamic: DynamicTexts, staticTexts: Texts
): EffectiveText[] {
  return [...topicTable.values()]
    .filter(({ name, internal }) => !internal || overrides.has(name))
    .map(({ name }) => effectiveTopicText(name, overrides, dynamic, staticTexts))
    .sort((a, b) => a.name < b.name ? -1 : 1)
}
