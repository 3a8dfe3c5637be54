/**
 * From a setting's text to its value, by the rules of Kafka's ConfigDef and with its words
 * (D13.16). Texts are trimmed to be parsed; what is stored and shown is the text as it was sent.
 */
import { doubleText, parseBoolean, parseDouble, parseDuration, parseInteger, parseList, trim } from './java.ts'
import type { Setting, SettingType, Value } from './setting.ts'

export type Parsed = { readonly value: Value } | { readonly problem: string }

/** Problems read "Invalid value V for configuration K: ..." and name what is allowed. */
export function parseValue (setting: Setting, text: string): Parsed {
  const { name, type } = setting
  const value = readAs(type, trim(text))
  if (value === undefined) return { problem: invalid(name, text, problemOf(type, text)) }
  if (!Array.isArray(value) || KEPT_AS_THEY_ARE.has(setting.allowed)) return checked(setting, value)
  return listProblem(setting, value) ?? { value: [...new Set<string>(value)] }
}

/**
 * What is wrong with the values of these names, told as Kafka tells it: the first in the order of
 * the table, whatever the order of the request (D13.16). Names that are not in the table are let
 * pass.
 */
export function firstProblem (
  table: ReadonlyMap<string, Setting>, values: ReadonlyMap<string, string>
): string | undefined {
  for (const [name, setting] of table) {
    const text = values.get(name)
    const parsed = text === undefined ? undefined : parseValue(setting, text)
    if (parsed !== undefined && 'problem' in parsed) return parsed.problem
  }
  return undefined
}

/**
 * What a text means to its setting; undefined for none, for one that is wrong, and for an unknown
 * name.
 */
export function valueIn (
  table: ReadonlyMap<string, Setting>, name: string, text: string | null | undefined
): Value | undefined {
  const setting = table.get(name)
  const parsed = setting === undefined || text == null ? undefined : parseValue(setting, text)
  return parsed !== undefined && 'value' in parsed ? parsed.value : undefined
}

/** An empty list would leave these without meaning. */
const NEVER_EMPTY: ReadonlySet<string> = new Set([
  'process.roles', 'controller.listener.names', 'listeners', 'advertised.listeners', 'log.dir', 'log.dirs',
  'group.coordinator.rebalance.protocols', 'group.consumer.assignors', 'group.share.assignors',
  'group.streams.assignors',
])

/** Lists with a check of their own, which looks at empty and repeated elements as well. */
const KEPT_AS_THEY_ARE: ReadonlySet<string> = new Set([
  '[partitionId]:[brokerId],[partitionId]:[brokerId],...', 'non-empty list',
])

/** KIP-1161; repetitions are no problem: Kafka drops them, and logs that. */
function listProblem (setting: Setting, value: readonly string[]): { problem: string } | undefined {
  const { name } = setting
  const { values } = constraintOf(setting)
  if (value.length === 0 && NEVER_EMPTY.has(name)) {
    const valid = values === undefined ? 'any non-empty value' : `[${values.join(', ')}]`
    return { problem: `Configuration '${name}' must not be empty. Valid values include: ${valid}` }
  }
  for (const element of value) {
    if (element === '') return { problem: `Configuration '${name}' values must not be empty.` }
    const problem = values === undefined ? undefined : choiceProblem(name, element, { values })
    if (problem !== undefined) return { problem }
  }
  return undefined
}

function checked (setting: Setting, value: Value): Parsed {
  const problem = constraintProblem(setting, value)
  return problem === undefined ? { value } : { problem }
}

const LIMITS = {
  short: 1n << 15n,
  int: 1n << 31n,
  long: 1n << 63n,
} as const

/**
 * No class can be found here. With a package it may be one of a plug-in that has its place in a
 * file for Apache Kafka; without one it is none anywhere.
 */
const CLASS = /^(?:[\w$]+\.)+[\p{L}_$][\w$]*$/u

function readAs (type: SettingType, text: string): Value | undefined {
  switch (type) {
    case 'boolean':
      return parseBoolean(text)
    case 'short':
    case 'int':
    case 'long': {
      const value = parseInteger(text)
      if (value === undefined || value < -LIMITS[type] || value >= LIMITS[type]) return undefined
      return type === 'long' ? value : Number(value)
    }
    case 'double':
      return parseDouble(text)
    case 'list':
      return parseList(text)
    case 'class':
      return CLASS.test(text) ? text : undefined
    default:
      return text
  }
}

function problemOf (type: SettingType, text: string): string {
  switch (type) {
    case 'boolean':
      return 'Expected value to be either true or false'
    case 'class':
      return classNotFound(text)
    default:
      return `Not a number of type ${type.toUpperCase()}`
  }
}

export function classNotFound (text: string): string { return `Class ${text} could not be found.` }

export function invalid (name: string, shown: string, problem: string): string {
  return `Invalid value ${shown} for configuration ${name}: ${problem}`
}

/** The table's column of allowed values, read. */
interface Constraint {
  readonly min?: string
  readonly max?: string
  /** Allowed besides the range. */
  readonly also?: string
  readonly values?: readonly string[]
  readonly anyCase?: boolean
  readonly special?: 'non-empty string' | 'throttled replicas' | 'offset reset'
}

const constraints = new Map<string, Constraint>()

function constraintOf ({ allowed }: Setting): Constraint {
  const known = constraints.get(allowed)
  if (known !== undefined) return known
  const constraint = readConstraint(allowed)
  constraints.set(allowed, constraint)
  return constraint
}

function readConstraint (allowed: string): Constraint {
  const range = /^\[([^,]+),\.\.\.(?:,([^,\]]+))?\](?: or (.+))?$/.exec(allowed)
  if (range !== null) {
    const [, min, max, also] = range
    return {
      min: min!, ...max === undefined ? {} : { max }, ...also === undefined ? {} : { also },
    }
  }
  if (allowed === 'non-empty string') return { special: 'non-empty string' }
  if (allowed.startsWith('[partitionId]')) return { special: 'throttled replicas' }
  if (allowed.includes('by_duration')) return { special: 'offset reset' }
  const values = /^(\(case insensitive\) )?\[(.+)\]$/.exec(allowed)
  if (values === null) return {}
  return { values: values[2]!.split(', '), anyCase: values[1] !== undefined }
}

function constraintProblem (setting: Setting, value: Value): string | undefined {
  const { name } = setting
  const constraint = constraintOf(setting)
  if (constraint.values !== undefined) return choiceProblem(name, String(value), constraint)
  if (typeof value === 'number' || typeof value === 'bigint') {
    return rangeProblem(setting, value, constraint)
  }
  switch (constraint.special) {
    case 'non-empty string':
      return value === '' ? invalid(name, '', 'String must be non-empty') : undefined
    case 'throttled replicas':
      return throttledReplicasProblem(name, value as readonly string[], setting.allowed)
    case 'offset reset':
      return offsetResetProblem(name, String(value))
  }
  return undefined
}

function choiceProblem (
  name: string, value: string, { values = [], anyCase = false }: Constraint
): string | undefined {
  const fold = (text: string): string => anyCase ? text.toUpperCase() : text
  if (values.some(choice => fold(choice) === fold(value))) return undefined
  const among = anyCase ? 'one of (case insensitive)' : 'one of'
  return invalid(name, value, `String must be ${among}: ${values.join(', ')}`)
}

function rangeProblem (
  { name, type }: Setting, value: number | bigint, { min, max, also }: Constraint
): string | undefined {
  const shown = type === 'double' ? doubleText(Number(value)) : String(value)
  if (also !== undefined) {
    if (value >= Number(min) && value <= Number(max)) return undefined
    return String(value) === also
      ? undefined
      : invalid(name, shown, `Value must be between ${min} and ${max} or equal to ${also}`)
  }
  if (min !== undefined && value < Number(min)) {
    return invalid(name, shown, `Value must be at least ${min}`)
  }
  if (max !== undefined && value > Number(max)) {
    return invalid(name, shown, `Value must be no more than ${max}`)
  }
  return undefined
}

function throttledReplicasProblem (
  name: string, value: readonly string[], allowed: string
): string | undefined {
  const elements = value.map(trim)
  // Kafka compares all elements at once with '*', and lets empty ones pass.
  if (elements.join('') === '*' || elements.every(it => /^(?:\d+:\d+)?$/.test(it))) return undefined
  return invalid(name, `[${value.join(', ')}]`,
    `${name} must be the literal '*' or a list of replicas in the following format: ${allowed}`)
}

/** KIP-1106: where a share group starts; a duration is in ISO 8601. */
function offsetResetProblem (name: string, value: string): string | undefined {
  if (value === 'latest' || value === 'earliest') return undefined
  const nanos = value.startsWith(BY_DURATION)
    ? parseDuration(value.slice(BY_DURATION.length))
    : undefined
  if (nanos !== undefined && nanos >= 0n) return undefined
  return invalid(name, value, `Invalid value \`${value}\` for configuration ${name}. The value must be either ` +
    '\'earliest\', \'latest\' or of the format \'by_duration:<PnDTnHnMn.nS>\'.')
}

const BY_DURATION = 'by_duration:'

/** A value as DescribeConfigs shows it (D13.6): lists are joined by commas without blanks. */
export function textOf ({ type }: Setting, value: Value): string {
  if (Array.isArray(value)) return value.join(',')
  return type === 'double' ? doubleText(Number(value)) : String(value)
}

/**
 * The same for a text; one that cannot be parsed, such as an older version's, is shown as it is.
 */
export function valueTextOf (setting: Setting, text: string): string {
  const parsed = parseValue(setting, text)
  return 'value' in parsed ? textOf(setting, parsed.value) : text
}
