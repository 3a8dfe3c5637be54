/**
 * Settings as people and compose files give them: every one passes here once, in whatever way it
 * came, by environment, file, option of the command or of the library. What lies behind takes texts
 * as Kafka does.
 */
import { meant } from './meant.ts'
import { brokerTable, settingNameOf } from './table.ts'

/**
 * Kafka 3 skipped empty elements here, and compose files with a trailing comma still rely on it.
 */
const ADDRESS_LISTS: ReadonlySet<string> = new Set([
  'listeners', 'advertised.listeners', 'early.start.listeners',
  'controller.quorum.voters', 'controller.quorum.bootstrap.servers',
])

/** Empty is a value of its own here, and the documented way to turn the check of host names off. */
const EMPTY_COUNTS: ReadonlySet<string> = new Set(['ssl.endpoint.identification.algorithm'])

/** What a setting's text says; undefined if it leaves the setting unset. */
export function meantValue (name: string, text: string): string | undefined {
  const setting = settingNameOf(name) ?? name
  // A password may well begin and end with quotes.
  if (brokerTable.get(setting)?.type === 'password') return text.trim() === '' ? undefined : text
  const value = meant(text)
  if (value === undefined) return EMPTY_COUNTS.has(setting) ? '' : undefined
  if (!ADDRESS_LISTS.has(setting)) return value
  const elements = value.split(',').map(element => element.trim()).filter(element => element !== '')
  return elements.length === 0 ? undefined : elements.join(',')
}
