/** Client metrics subscriptions (KIP-714): what may be stored (D13.18). */
import { code, fittingText } from '../../protocol/errors.ts'
import { clientMetricsTable } from './table.ts'
import type { ConfigFailure } from './topic.ts'
import { parseValue } from './value.ts'

const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000

const MATCH_NAMES: ReadonlySet<string> = new Set([
  'client_instance_id', 'client_id', 'client_software_name', 'client_software_version',
  'client_source_address', 'client_source_port',
])

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
    const wrong = name === 'match' ? (value as readonly string[]).find(it => !isMatch(it)) : undefined
    if (wrong !== undefined) {
      return refuse(code.INVALID_CONFIG, `Illegal client matching pattern: ${wrong}`)
    }
  }
  return undefined
}

/** `name=regex`. */
function isMatch (pattern: string): boolean {
  const [name = '', expression, ...more] = pattern.split('=')
  if (expression === undefined || more.length > 0 || !MATCH_NAMES.has(name.trim())) return false
  try {
    return new RegExp(expression.trim()) instanceof RegExp
  } catch {
    return false
  }
}
