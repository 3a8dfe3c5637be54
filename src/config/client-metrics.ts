/** Client metrics subscriptions (KIP-714): what may be stored (D13.18). */
import { code, fittingText } from '../../protocol/errors.ts'
import { clientMatch } from './client-match.ts'
import { clientMetricsTable } from './table.ts'
import type { ConfigFailure } from './failure.ts'
import { parseValue } from './value.ts'

const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000

export function clientMetricsProblem (
  values: ReadonlyMap<string, string>
): ConfigFailure | undefined {
  const refuse = (errorCode: number, errorMessage: string): ConfigFailure =>
    ({ errorCode, errorMessage: fittingText(errorMessage) })
  for (const [name, text] of values) {
    const setting = clientMetricsTable.get(name)
    if (setting === undefined) {
      return refuse(code.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`)
    }
    const parsed = parseValue(setting, text)
    if ('problem' in parsed) return refuse(code.INVALID_CONFIG, parsed.problem)
    const { value } = parsed
    if (name === 'interval.ms' && (Number(value) < INTERVAL_MS_MIN || Number(value) > INTERVAL_MS_MAX)) {
      return refuse(code.INVALID_REQUEST, `Invalid value ${String(value)} for interval.ms, interval must ` +
        `be between ${INTERVAL_MS_MIN} and ${INTERVAL_MS_MAX} (1 hour)`)
    }
    const wrong = name === 'match' ? (value as readonly string[]).find(it => clientMatch(it) === undefined) : undefined
    if (wrong !== undefined) {
      return refuse(code.INVALID_CONFIG, `Illegal client matching pattern: ${wrong}`)
    }
  }
  return undefined
}
