/** Dynamic configuration, resource by resource: topics, brokers, groups, client metrics. */
import { ConfigRecord } from '../../../protocol/stored/metadata-settings.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataDelta } from './delta.ts'
import { fullEntry } from './full-entry.ts'
import { differences } from './replacement.ts'

/** KIP-133's codes of what can be configured (D13.1). */
export const resourceType = {
  TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32,
} as const

/** The name of the broker resource that stands for all brokers. */
export const CLUSTER_DEFAULT = ''

export type ConfigValues = ReadonlyMap<string, string>

const NO_VALUES: ConfigValues = new Map()

export class Configs {
  #byType = new Map<number, Map<string, Map<string, string>>>()

  /** What is stored for the resource: values as they were sent, without defaults. */
  of (type: number, name: string): ConfigValues {
    return this.#byType.get(type)?.get(name) ?? NO_VALUES
  }

  /** The names of that type that have at least one value. */
  namesOf (type: number): IterableIterator<string> {
    return (this.#byType.get(type) ?? new Map<string, never>()).keys()
  }

  /** Every name of that type with its values. */
  all (type: number): Iterable<readonly [name: string, values: ConfigValues]> {
    return this.#byType.get(type) ?? []
  }

  replay (
    { resourceType: type, resourceName, name, value }: ConfigRecord, delta: MetadataDelta
  ): void {
    const resources = this.#byType.get(type) ?? new Map<string, Map<string, string>>()
    const values = resources.get(resourceName) ?? new Map<string, string>()
    if (value === null) values.delete(name)
    else values.set(name, value)
    if (values.size > 0) this.#byType.set(type, resources.set(resourceName, values))
    else this.remove(type, resourceName)
    delta.configChanged(type, resourceName, name)
  }

  /** D12.5: a topic's configuration vanishes with it, without records. */
  remove (type: number, name: string): void {
    const resources = this.#byType.get(type)
    resources?.delete(name)
    if (resources?.size === 0) this.#byType.delete(type)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Configs, delta: MetadataDelta): void {
    for (const type of new Set([...this.#byType.keys(), ...loaded.#byType.keys()])) {
      const names = new Set([...this.namesOf(type), ...loaded.namesOf(type)])
      for (const name of names) {
        const changed = differences(this.of(type, name), loaded.of(type, name))
        for (const [key] of changed) delta.configChanged(type, name, key)
      }
    }
    this.#byType = loaded.#byType
  }

  records (): MetadataEntry[] {
    const entries: MetadataEntry[] = []
    for (const [type, resources] of this.#byType) {
      for (const [resourceName, values] of resources) {
        for (const [name, value] of values) {
          entries.push(configEntry(type, resourceName, name, value))
        }
      }
    }
    return entries
  }
}

export function configEntry (
  type: number, resourceName: string, name: string, value: string | null
): MetadataEntry {
  return fullEntry(ConfigRecord, 0, { resourceType: type, resourceName, name, value })
}
