/** What may be changed of a broker while it runs, checked by the broker that is asked (D13.11). */
import { code, fittingText } from '../../protocol/errors.ts'
import { settingsFrom } from './config.ts'
import type { Settings } from './config.ts'
import { isDynamic } from './describe.ts'
import type { DynamicTexts } from './effective.ts'
import { ConfigError } from './error.ts'
import { reconfigurationProblem } from './reconfiguration.ts'
import { brokerTable, dynamicOnlyTable, familyOf, settingNameOf } from './table.ts'
import type { ConfigFailure } from './failure.ts'
import type { Setting } from './setting.ts'
import { classNotFound, invalid as invalidValue, parseValue } from './value.ts'

type Texts = ReadonlyMap<string, string>

/** Read by all listeners at once they would change the ground under open connections (KIP-226). */
const PER_LISTENER: ReadonlySet<string> = new Set([
  'ssl.keystore.type', 'ssl.keystore.location', 'ssl.keystore.password', 'ssl.keystore.key',
  'ssl.keystore.certificate.chain', 'ssl.key.password', 'ssl.truststore.type',
  'ssl.truststore.location', 'ssl.truststore.password', 'ssl.truststore.certificates',
])

/** The name that stands for all brokers. */
const ALL = ''
const NONE: Texts = new Map()

/**
 * What is wrong with the set of values that a broker, or with the empty name all brokers, would
 * have. Unknown keys are let pass: a plug-in may read them.
 */
export function brokerAlterProblem (
  brokerName: string, values: Texts, dynamic: DynamicTexts, staticTexts: Texts
): ConfigFailure | undefined {
  const names = [...values.keys()]
  const listed = (what: string, found: readonly string[]): ConfigFailure | undefined =>
    found.length === 0 ? undefined : invalid(`${what}: [${found.join(', ')}]`)
  return listed('Cannot update these configs dynamically',
    names.filter(name => brokerTable.has(name) && !isDynamic(name))) ??
    listed('These security configs can be dynamically updated only per-listener using the listener prefix',
      names.filter(name => PER_LISTENER.has(name))) ??
    valuesProblem(values) ??
    (brokerName === ALL
      ? listed('Cannot update these configs at default cluster level, broker id must be specified',
        names.filter(isPerBroker))
      : undefined) ??
    wholeProblem(brokerName, values, dynamic, staticTexts)
}

function invalid (errorMessage: string): ConfigFailure {
  return { errorCode: code.INVALID_REQUEST, errorMessage: fittingText(errorMessage) }
}

/** In the order of the definition: those of the run time only come first there (D13.16). */
function valuesProblem (values: Texts): ConfigFailure | undefined {
  const ranked = [...values].sort(([one], [other]) => rankOf(one) - rankOf(other))
  for (const [name, text] of ranked) {
    const problem = valueProblem(name, text)
    if (problem !== undefined) return invalid(problem)
  }
  return undefined
}

const RANKS: ReadonlyMap<string, number> = new Map(
  [...dynamicOnlyTable.keys(), ...brokerTable.keys()].map((name, rank) => [name, rank]))

/** What is set for one listener stands beside what it means. */
function rankOf (name: string): number {
  return RANKS.get(settingNameOf(name) ?? name) ?? RANKS.size
}

/** With the words for the setting that is meant: Kafka looks at it without its listener. */
function valueProblem (name: string, text: string): string | undefined {
  const setting = checkedSetting(name)
  if (setting === undefined) return undefined
  const parsed = parseValue(setting, text)
  if ('problem' in parsed) return parsed.problem
  // A file may name plug-ins of a Kafka that has them; one that is to be loaded now is not there.
  return setting.type === 'class' && !OF_KAFKA_OR_JAVA.test(text)
    ? invalidValue(setting.name, text, classNotFound(text))
    : undefined
}

const OF_KAFKA_OR_JAVA = /^\s*(?:org\.apache\.kafka|javax?)\./

/** Kafka's definition of what can be set at run time has no more. */
function checkedSetting (name: string): Setting | undefined {
  const base = OF_LISTENER.exec(name)?.[1] ?? name
  const setting = brokerTable.get(base)
  return setting?.updateMode === 'read-only' ? undefined : setting ?? dynamicOnlyTable.get(base)
}

const OF_LISTENER = /^listener\.name\.[^.]*\.(.*)$/

/** KIP-402, KIP-612: of the settings of a listener these may hold for all brokers. */
const OF_ALL_BROKERS: ReadonlySet<string> = new Set([
  'max.connections', 'max.connection.creation.rate', 'num.network.threads',
])

function isPerBroker (name: string): boolean {
  const base = OF_LISTENER.exec(name)?.[1]
  return base === undefined ? brokerTable.get(name)?.updateMode === 'per-broker' : !OF_ALL_BROKERS.has(base)
}

/** What the settings together would be, and what the parts of the broker say to it. */
function wholeProblem (
  brokerName: string, values: Texts, dynamic: DynamicTexts, staticTexts: Texts
): ConfigFailure | undefined {
  const after = brokerName === ALL ? { ...dynamic, cluster: values } : { ...dynamic, node: values }
  try {
    const problem = reconfigurationProblem(
      settingsFrom(givenFrom(dynamic, staticTexts)), settingsFrom(givenFrom(after, staticTexts)))
    return problem === undefined ? undefined : invalid(problem)
  } catch (error) {
    if (error instanceof ConfigError) return invalid(error.wireText ?? `requirement failed: ${error.message}`)
    throw error
  }
}

/** The file, over it what is set for all brokers, over it what is set for this one. */
function givenFrom ({ node, cluster }: DynamicTexts, staticTexts: Texts) {
  const texts = new Map(staticTexts)
  for (const [name, text] of [...cluster, ...node]) {
    // KIP-226: a value takes the place of all names for the same thing, whichever ranks higher in
    // the file.
    for (const synonym of familyOf(name)) texts.delete(synonym.name)
    texts.set(name, text)
  }
  return new Map([...texts].map(([name, text]) => [name, { text, origin: 'AlterConfigs' }]))
}

/** What is stored and counts: other versions may have stored what is refused now. */
export function countingTexts (brokerName: string, stored: Texts): Texts {
  return new Map([...stored].filter(([name, text]) =>
    (settingNameOf(name) === undefined || isDynamic(name)) && !PER_LISTENER.has(name) &&
    valueProblem(name, text) === undefined && !(brokerName === ALL && isPerBroker(name))))
}

/** What holds now. If stored values do not go together, the file alone counts. */
export function settingsNow (dynamic: DynamicTexts, staticTexts: Texts): Settings {
  const { node, cluster } = dynamic
  const counting = { node: countingTexts('node', node), cluster: countingTexts(ALL, cluster) }
  try {
    return settingsFrom(givenFrom(counting, staticTexts))
  } catch (error) {
    if (error instanceof ConfigError) {
      return settingsFrom(givenFrom({ node: NONE, cluster: NONE }, staticTexts))
    }
    throw error
  }
}
