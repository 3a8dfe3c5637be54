/**
 * The broker's configuration: what was given, checked against the table of settings and completed
 * with defaults, for typed look-ups; the network settings as addresses.
 */
import { connectionProblems } from './connections.ts'
import { assumptions, isSingleNode } from './defaults.ts'
import { withoutEffect } from './honoured.ts'
import { readNetwork } from './network.ts'
import type { Network } from './network.ts'
import { nearestName } from './nearest.ts'
import type { Setting, Value } from './setting.ts'
import { ConfigError } from './error.ts'
import { readSources } from './sources.ts'
import type { Given, Sources } from './sources.ts'
import { brokerTable, familyOf, settingNameOf } from './table.ts'
import type { BrokerValues } from './table.ts'
import { parseValue } from './value.ts'

export { ConfigError } from './error.ts'

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
  const values = new Map<string, Value | null>()
  for (const [name, setting] of brokerTable) {
    const parsed = valueOf(setting, texts)
    if ('value' in parsed) values.set(name, parsed.value)
    else problems.push(problemText(parsed.problem, given.get(name)))
  }
  problems.push(...scopedProblems(given))
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  const get = <N extends keyof BrokerValues & string>(name: N): BrokerValues[N] =>
    values.get(name) as BrokerValues[N]
  const rules = ruleProblems(get)
  if (rules.length > 0) throw new ConfigError(rules.join('\n'))
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
  const text = texts.get(setting.name) ?? setting.defaultText
  if (text === undefined) {
    return { problem: `Missing required configuration "${setting.name}" which has no default value.` }
  }
  if (text === null) return { value: null }
  return parseValue(setting, text)
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

/** What Kafka demands of several settings together. */
function ruleProblems (get: Settings['get']): string[] {
  const problems: string[] = []
  const brokerId = get('broker.id')
  if (brokerId !== -1 && brokerId !== get('node.id')) {
    problems.push('You must set `node.id` to the same value as `broker.id`: ' +
      `they are ${get('node.id')} and ${brokerId}.`)
  }
  if (familyValue(get, 'log.retention.ms') === 0n) {
    problems.push('log.retention.ms must be unlimited (-1) or, greater than or equal to 1')
  }
  problems.push(...connectionProblems(get), ...cordonProblems(get))
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    for (const what of ['heartbeat.interval.ms', 'session.timeout.ms'] as const) {
      const name = `group.${kind}.${what}` as const
      const minName = `group.${kind}.min.${what}` as const
      const maxName = `group.${kind}.max.${what}` as const
      const [value, min, max] = [get(name), get(minName), get(maxName)]
      if (value >= min && value <= max) continue
      problems.push(`${name}=${value} must lie between ${minName} (${min}) and ${maxName} (${max}): ` +
        'set those as well')
    }
  }
  return problems
}

/** KIP-1066: only what there is can be cordoned; `*` stands for all of it. */
function cordonProblems (get: Settings['get']): string[] {
  const directories = [...get('log.dirs') ?? get('log.dir'), '*']
  const missing = get('cordoned.log.dirs').filter(path => !directories.includes(path))
  return missing.length === 0
    ? []
    : ['All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : ' + missing.join(', ')]
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

/** The first of a family that has a value, in units of its first member (log.retention.*). */
export function familyValue (get: Settings['get'], name: string): bigint | null {
  for (const { name: member, factor } of familyOf(name)) {
    const value = get(member as keyof BrokerValues)
    if (typeof value === 'bigint' || typeof value === 'number') return BigInt(value) * BigInt(factor)
  }
  return null
}
