/**
 * From a setting's text to its value, by the rules of Kafka's ConfigDef and with its words (D13.16).
 * Texts are trimmed to be parsed; what is stored and shown is the text as it was sent.
 */
import type { Setting, SettingType, Value } from './setting.ts'

export type Parsed = { readonly value: Value } | { readonly problem: string }

/** Problems read "Invalid value V for configuration K: ..." and name what is allowed. */
export function parseValue (setting: Setting, text: string): Parsed {
  const { name, type } = setting
  const value = readAs(type, text)
  if (value === undefined) return { problem: invalid(name, text, expected(type)) }
  if (Array.isArray(value) && value.includes('')) {
    if (!ADDRESS_LISTS.has(name)) return { problem: `Configuration '${name}' values must not be empty.` }
    return checked(setting, value.filter(element => element !== ''))
  }
  return checked(setting, value)
}

/**
 * What is wrong with the values of these names, told as Kafka tells it: the first in the order of the
 * table, whatever the order of the request (D13.16). Names that are not in the table are let pass.
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
 * Kafka 3 skipped empty elements here, and compose files with a trailing comma still rely on it.
 */
const ADDRESS_LISTS: ReadonlySet<string> = new Set([
  'listeners', 'advertised.listeners', 'early.start.listeners',
  'controller.quorum.voters', 'controller.quorum.bootstrap.servers',
])

/** An empty list would leave these without meaning. */
const NEVER_EMPTY: ReadonlySet<string> = new Set([
  'process.roles', 'controller.listener.names', 'listeners', 'log.dir', 'log.dirs',
  'group.coordinator.rebalance.protocols',
])

function checked (setting: Setting, value: Value): Parsed {
  const { name } = setting
  if (Array.isArray(value) && value.length === 0 && NEVER_EMPTY.has(name)) {
    const { values } = constraintOf(setting)
    const valid = values === undefined ? 'any non-empty value' : `[${values.join(', ')}]`
    return { problem: `Configuration '${name}' must not be empty. Valid values include: ${valid}` }
  }
  const problem = constraintProblem(setting, value)
  return problem === undefined ? { value } : { problem }
}

const INTEGER = /^[+-]?\d+$/
const DOUBLE = /^[+-]?(NaN|Infinity|(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?[fFdD]?)$/

const LIMITS = {
  short: 1n << 15n,
  int: 1n << 31n,
  long: 1n << 63n,
} as const

function readAs (type: SettingType, text: string): Value | undefined {
  const trimmed = text.trim()
  switch (type) {
    case 'boolean': {
      const lower = trimmed.toLowerCase()
      return lower === 'true' ? true : lower === 'false' ? false : undefined
    }
    case 'short':
    case 'int':
    case 'long': {
      if (!INTEGER.test(trimmed)) return undefined
      const value = BigInt(trimmed.replace('+', ''))
      if (value < -LIMITS[type] || value >= LIMITS[type]) return undefined
      return type === 'long' ? value : Number(value)
    }
    case 'double':
      return DOUBLE.test(trimmed) ? Number(trimmed.replace(/(?<=[\d.])[fFdD]$/, '')) : undefined
    case 'list':
      // Kafka drops repetitions silently, except that it logs them.
      return trimmed === '' ? [] : [...new Set(trimmed.split(',').map(part => part.trim()))]
    default:
      return trimmed
  }
}

function expected (type: SettingType): string {
  return type === 'boolean'
    ? 'Expected value to be either true or false'
    : `Not a number of type ${type.toUpperCase()}`
}

function invalid (name: string, shown: string, problem: string): string {
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
  if (constraint.values !== undefined) return choiceProblem(name, value, constraint)
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
  name: string, value: Value, { values = [], anyCase = false }: Constraint
): string | undefined {
  const fold = (text: string): string => anyCase ? text.toUpperCase() : text
  const wrong = [value].flat().find(it => !values.some(choice => fold(choice) === fold(String(it))))
  if (wrong === undefined) return undefined
  const among = anyCase ? 'one of (case insensitive)' : 'one of'
  return invalid(name, String(wrong), `String must be ${among}: ${values.join(', ')}`)
}

function rangeProblem (
  { name, type }: Setting, value: number | bigint, { min, max, also }: Constraint
): string | undefined {
  const shown = type === 'double' ? javaDouble(Number(value)) : String(value)
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
  const all = value.length === 1 && value[0] === '*'
  if (all || value.every(it => /^\d+:\d+$/.test(it))) return undefined
  return invalid(name, `[${value.join(', ')}]`,
    `${name} must be the literal '*' or a list of replicas in the following format: ${allowed}`)
}

/** KIP-1106: where a share group starts; a duration is in ISO 8601. */
function offsetResetProblem (name: string, value: string): string | undefined {
  if (value === 'latest' || value === 'earliest') return undefined
  const duration = /^by_duration:P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/i
  if (duration.test(value)) return undefined
  return invalid(name, value, `Invalid value ${value} for share.auto.offset.reset. ` +
    'Valid values are: earliest, latest, or by_duration:<duration> with a duration of ISO 8601.')
}

/** As Java prints a double: 1 is 1.0, and large or small ones are in scientific notation. */
export function javaDouble (value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (value !== 0 && (size >= 1e7 || size < 1e-3)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e')
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** A value as DescribeConfigs shows it (D13.6): lists are joined by commas without blanks. */
export function textOf ({ type }: Setting, value: Value): string {
  if (Array.isArray(value)) return value.join(',')
  return type === 'double' ? javaDouble(Number(value)) : String(value)
}

/**
 * The same for a text; one that cannot be parsed, such as an older version's, is shown as it is.
 */
export function valueTextOf (setting: Setting, text: string): string {
  const parsed = parseValue(setting, text)
  return 'value' in parsed ? textOf(setting, parsed.value) : text
}
