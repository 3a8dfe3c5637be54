/** What may be changed of a broker while it runs, checked by the broker that is asked (D13.11). */
import { code, fittingText } from '../../protocol/errors.ts'
import { isDynamic } from './describe.ts'
import { brokerTable, dynamicOnlyTable, settingNameOf } from './table.ts'
import type { ConfigFailure } from './topic.ts'
import { parseValue } from './value.ts'

/** Read by all listeners at once they would change the ground under open connections (KIP-226). */
const PER_LISTENER: ReadonlySet<string> = new Set([
  'ssl.keystore.type', 'ssl.keystore.location', 'ssl.keystore.password', 'ssl.keystore.key',
  'ssl.keystore.certificate.chain', 'ssl.key.password', 'ssl.truststore.type',
  'ssl.truststore.location', 'ssl.truststore.password', 'ssl.truststore.certificates',
])

/**
 * What is wrong with the set of values that a broker, or with the empty name all brokers, would
 * have. Unknown keys are let pass: a plug-in may read them.
 */
export function brokerAlterProblem (
  brokerName: string, values: ReadonlyMap<string, string>
): ConfigFailure | undefined {
  const names = [...values.keys()]
  const listed = (what: string, found: readonly string[]): ConfigFailure | undefined =>
    found.length === 0 ? undefined : invalid(`${what}: [${found.join(', ')}]`)
  return listed('Cannot update these configs dynamically',
    names.filter(name => settingNameOf(name) !== undefined && !isDynamic(name))) ??
    listed('These security configs can be dynamically updated only per-listener using the listener prefix',
      names.filter(name => PER_LISTENER.has(name))) ??
    valueProblem(values) ??
    (brokerName === ''
      ? listed('Cannot update these configs at default cluster level, broker id must be specified',
        names.filter(isPerBroker))
      : undefined)
}

function invalid (errorMessage: string): ConfigFailure {
  return { errorCode: code.INVALID_REQUEST, errorMessage: fittingText(errorMessage) }
}

function valueProblem (values: ReadonlyMap<string, string>): ConfigFailure | undefined {
  for (const [name, text] of values) {
    const setting = brokerTable.get(settingNameOf(name) ?? '') ?? dynamicOnlyTable.get(name)
    const parsed = setting === undefined ? undefined : parseValue({ ...setting, name }, text)
    if (parsed !== undefined && 'problem' in parsed) return invalid(parsed.problem)
  }
  return undefined
}

function isPerBroker (name: string): boolean {
  const meant = settingNameOf(name)
  return meant !== undefined && (meant !== name || brokerTable.get(meant)?.updateMode === 'per-broker')
}
