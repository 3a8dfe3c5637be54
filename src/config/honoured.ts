/** Which settings this broker acts on: a column of the table's rows, and nothing besides. */
import type { Setting } from './setting.ts'
import { brokerTable, settingNameOf, topicTable } from './table.ts'

function honouredIn (table: ReadonlyMap<string, Setting>): ReadonlySet<string> {
  return new Set([...table.values()].filter(({ honoured }) => honoured).map(({ name }) => name))
}

export const honouredBrokerSettings = honouredIn(brokerTable)
export const honouredTopicSettings = honouredIn(topicTable)

/** Keys that Kafka knows and that do nothing here, as they are said in the log; sorted. */
export function withoutEffect (keys: Iterable<string>): string[] {
  return [...keys].filter(key => {
    const meant = settingNameOf(key)
    return meant !== undefined && !honouredBrokerSettings.has(meant)
  }).sort()
}
