/** Client metrics subscriptions (KIP-714): what may be stored (D13.18). */
import { code, fittingText } from '../../protocol/errors.ts'
import { clientMatch } from './client-match.ts'
import { clientMetricsTable } from './table.ts'
import type { ConfigFailure } from './failure.ts'
import type { Value } from './setting.ts'
import { firstProblem, valueIn } from './value.ts'

const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000

export function clientMetricsProblem (
  values: ReadonlyMap<string, string>
): ConfigFailure | undefined {
  const refuse = (errorCode: number, errorMessage: string): ConfigFailure =>
    ({ errorCode, errorMessage: fittingText(errorMessage) })
  for (const name of values.keys()) {
    if (!clientMetricsTable.has(name)) {
      return refuse(code.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`)
    }
  }
  const problem = firstProblem(clientMetricsTable, values)
  if (problem !== undefined) return refuse(code.INVALID_CONFIG, problem)
  const valueOf = (name: string): Value | undefined =>
    valueIn(clientMetricsTable, name, values.get(name))
  const intervalMs = valueOf('interval.ms')
  if (intervalMs !== undefined &&
    (Number(intervalMs) < INTERVAL_MS_MIN || Number(intervalMs) > INTERVAL_MS_MAX)) {
    return refuse(code.INVALID_REQUEST, `Invalid value ${String(intervalMs)} for interval.ms, interval must ` +
      `be between ${INTERVAL_MS_MIN} and ${INTERVAL_MS_MAX} (1 hour)`)
  }
  const patterns = (valueOf('match') ?? []) as readonly string[]
  const wrong = patterns.find(it => clientMatch(it) === undefined)
  if (wrong !== undefined) return refuse(code.INVALID_CONFIG, `Illegal client matching pattern: ${wrong}`)
  return undefined
}
