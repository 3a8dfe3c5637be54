/**
 * The broker's configuration: what was given, checked against the table of settings and completed
 * with defaults, for typed look-ups; the network settings as addresses.
 */
import { assumptions, isSingleNode } from './defaults.ts'
import { withoutEffect } from './honoured.ts'
import { readNetwork } from './network.ts'
import type { Network } from './network.ts'
import { nearestName } from './nearest.ts'
import { brokenRules } from './rules.ts'
import type { Setting, Value } from './setting.ts'
import { ConfigError } from './error.ts'
import { readSources } from './sources.ts'
import type { Given, Sources } from './sources.ts'
import { brokerTable, settingNameOf } from './table.ts'
import type { BrokerValues } from './table.ts'
import { parseValue } from './value.ts'

export { ConfigError } from './error.ts'
export { familyValue } from './family.ts'

export interface Settings {
  /** The setting's value: as given, else as assumed for a single node, else Kafka's default. */
  get <N extends keyof BrokerValues & string> (name: N): BrokerValues[N]
  /**
   * A long as a number, for milliseconds and sizes; "never" and "no limit" stay larger than any.
   */
  number (name: NumberName): number
  /** Whether somebody set it; assumed values and defaults do not count. */
  isGiven (name: string): boolean
  /** As it was written: given or assumed. What DescribeConfigs calls static (D13.7). */
  readonly staticTexts: ReadonlyMap<string, string>
  readonly network: Network
  readonly isSingleNode: boolean
  readonly strict: boolean
  /** To be said once in the log at start. */
  readonly notices: readonly Notice[]
}

export interface Notice { readonly level: 'warn' | 'info', readonly text: string }

type NumberName = {
  [N in keyof BrokerValues]: BrokerValues[N] extends bigint | number ? N : never
}[keyof BrokerValues]

/**
 * Reads all sources. Throws ConfigError that names every wrong value, its source and what is
 * allowed.
 */
export function loadSettings (sources: Sources): Settings {
  return settingsFrom(readSources(sources))
}

export function settingsFrom (given: ReadonlyMap<string, Given>): Settings {
  const assumed = assumptions(given)
  const texts = new Map(assumed)
  for (const [name, { text }] of given) texts.set(name, text)
  const problems: string[] = []
  let wireText: string | undefined
  const values = new Map<string, Value | null>()
  for (const [name, setting] of brokerTable) {
    const parsed = valueOf(setting, texts)
    if ('value' in parsed) values.set(name, parsed.value)
    else {
      wireText ??= parsed.problem
      problems.push(problemText(parsed.problem, given.get(name)))
    }
  }
  problems.push(...scopedProblems(given))
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), wireText)
  const get = <N extends keyof BrokerValues & string>(name: N): BrokerValues[N] =>
    values.get(name) as BrokerValues[N]
  const broken = brokenRules(get)
  if (broken[0] !== undefined) throw new ConfigError(broken.map(({ text }) => text).join('\n'), broken[0].wireText)
  return {
    get,
    number: name => Number(get(name)),
    isGiven: name => given.has(name),
    staticTexts: texts,
    network: readNetwork(get, name => given.get(name)?.origin),
    isSingleNode: isSingleNode(given),
    strict: get('ottla.strict'),
    notices: noticesOf(given),
  }
}

function valueOf (
  setting: Setting, texts: ReadonlyMap<string, string>
): { value: Value | null } | { problem: string } {
  const text = texts.get(setting.name)
  return text === undefined ? defaultOf(setting) : parseValue(setting, text)
}

/** Of several hundred settings a few are given; AlterConfigs looks at all of them twice. */
const defaults = new Map<Setting, { value: Value | null } | { problem: string }>()

function defaultOf (setting: Setting): { value: Value | null } | { problem: string } {
  const known = defaults.get(setting)
  if (known !== undefined) return known
  const { name, defaultText } = setting
  const value = defaultText === undefined
    ? { problem: `Missing required configuration "${name}" which has no default value.` }
    : defaultText === null ? { value: null } : parseValue(setting, defaultText)
  defaults.set(setting, value)
  return value
}

function problemText (problem: string, given: Given | undefined): string {
  return given === undefined ? problem : `${problem} (from ${given.origin})`
}

/** `listener.name.x.key`: the value must suit the key that it sets. */
function scopedProblems (given: ReadonlyMap<string, Given>): string[] {
  const problems: string[] = []
  for (const [name, it] of given) {
    const meant = settingNameOf(name)
    const setting = meant === undefined || meant === name ? undefined : brokerTable.get(meant)
    if (setting === undefined) continue
    const parsed = parseValue({ ...setting, name }, it.text)
    if ('problem' in parsed) problems.push(problemText(parsed.problem, it))
  }
  return problems
}

function noticesOf (given: ReadonlyMap<string, Given>): Notice[] {
  const notices: Notice[] = []
  for (const [name, { origin }] of given) {
    if (settingNameOf(name) !== undefined) continue
    const near = nearestName(name, brokerTable.keys())
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    notices.push({ level: 'warn', text: `${name} (from ${origin}) is not a setting of Kafka${hint}` })
  }
  const idle = withoutEffect(given.keys())
  if (idle.length > 0) {
    notices.push({ level: 'info', text: `known to Kafka, without effect here: ${idle.join(', ')}` })
  }
  return notices
}
