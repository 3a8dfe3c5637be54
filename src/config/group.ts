/** Settings of single groups: what may be stored, within the broker's bounds (D13.19). */
import { code, fittingText } from '../../protocol/errors.ts'
import type { Setting } from './setting.ts'
import { brokerKeyOfGroup, brokerTable, groupTable } from './table.ts'
import type { ConfigFailure } from './failure.ts'
import { firstProblem, valueIn } from './value.ts'

type Texts = ReadonlyMap<string, string>

/** What the broker bounds, in the order in which Kafka looks at it. */
const BOUNDED: readonly string[] = [
  'consumer.heartbeat.interval.ms', 'consumer.session.timeout.ms', 'consumer.assignment.interval.ms',
  'share.heartbeat.interval.ms', 'share.session.timeout.ms', 'share.record.lock.duration.ms',
  'share.delivery.count.limit', 'share.partition.max.record.locks', 'share.assignment.interval.ms',
  'streams.heartbeat.interval.ms', 'streams.session.timeout.ms', 'streams.num.standby.replicas',
  'streams.num.warmup.replicas', 'streams.assignment.interval.ms', 'streams.task.offset.interval.ms',
]

export function groupProblem (values: Texts, staticTexts: Texts): ConfigFailure | undefined {
  const invalid = (errorMessage: string): ConfigFailure =>
    ({ errorCode: code.INVALID_CONFIG, errorMessage: fittingText(errorMessage) })
  for (const name of values.keys()) {
    if (!groupTable.has(name)) return invalid(`Unknown group config name: ${name}`)
  }
  const problem = firstProblem(groupTable, values)
  if (problem !== undefined) return invalid(problem)
  for (const name of BOUNDED) {
    const text = values.get(name)
    if (text === undefined) continue
    const outside = boundsProblem(name, numberOf(name, values, staticTexts), staticTexts)
    if (outside !== undefined) return invalid(outside)
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const [heartbeat, session] = [`${kind}.heartbeat.interval.ms`, `${kind}.session.timeout.ms`]
    if (!values.has(heartbeat) && !values.has(session)) continue
    if (numberOf(session, values, staticTexts) <= numberOf(heartbeat, values, staticTexts)) {
      return invalid(`${session} must be greater than ${heartbeat}`)
    }
  }
  return undefined
}

/**
 * The broker bounds `consumer.x` by `group.consumer.min.x` and `group.consumer.max.x`, if it has
 * them.
 */
function boundsProblem (name: string, value: number, staticTexts: Texts): string | undefined {
  const dot = name.indexOf('.')
  const bound = (which: 'min' | 'max'): number | undefined =>
    brokerNumber(`group.${name.slice(0, dot)}.${which}${name.slice(dot)}`, staticTexts)
  const min = bound('min')
  const max = bound('max')
  // Of standby and warm-up replicas the broker bounds the number from above only.
  const limit = max ?? brokerNumber(`group.${name.replace('.num.', '.max.')}`, staticTexts)
  if (min !== undefined && max !== undefined && (value < min || value > max)) {
    return `${name} must be in the range ${min} to ${max} inclusive.`
  }
  return min === undefined && name.includes('.num.') && limit !== undefined && value > limit
    ? `${name} must be less than or equal to group.${name.replace('.num.', '.max.')}`
    : undefined
}

function brokerNumber (name: string, staticTexts: Texts): number | undefined {
  return numberIn(brokerTable, name, staticTexts.get(name) ?? brokerTable.get(name)?.defaultText)
}

function numberOf (name: string, values: Texts, staticTexts: Texts): number {
  return numberIn(groupTable, name, values.get(name)) ??
    brokerNumber(brokerKeyOfGroup(name) ?? '', staticTexts) ??
    Number(groupTable.get(name)?.defaultText)
}

function numberIn (
  table: ReadonlyMap<string, Setting>, name: string, text: string | null | undefined
): number | undefined {
  const value = valueIn(table, name, text)
  return value === undefined ? undefined : Number(value)
}
