/** Client quotas by entity (KIP-546): user, client-id, ip, and their combinations. */
import { ClientQuotaRecord } from '../../../protocol/stored/metadata-settings.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { EntityQuotas, QuotaEntity } from './facts.ts'
import type { MetadataDelta } from './delta.ts'
import { fullEntry } from './full-entry.ts'
import { differences } from './replacement.ts'

interface MutableQuotas extends EntityQuotas { readonly values: Map<string, number> }

export class Quotas {
  #byEntity = new Map<string, MutableQuotas>()

  of (entity: QuotaEntity): ReadonlyMap<string, number> | undefined {
    return this.#byEntity.get(keyOf(entity))?.values
  }

  [Symbol.iterator] (): IterableIterator<EntityQuotas> { return this.#byEntity.values() }

  replay (record: ClientQuotaRecord, delta: MetadataDelta): void {
    const entity =
      new Map(record.entity.map(({ entityType, entityName }) => [entityType, entityName]))
    const key = keyOf(entity)
    const quotas = this.#byEntity.get(key) ?? { entity, values: new Map<string, number>() }
    if (record.remove) quotas.values.delete(record.key)
    else quotas.values.set(record.key, record.value)
    if (quotas.values.size > 0) this.#byEntity.set(key, quotas)
    else this.#byEntity.delete(key)
    delta.quotasChanged.push(entity)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Quotas, delta: MetadataDelta): void {
    for (const [key, before] of differences(this.#byEntity, loaded.#byEntity)) {
      delta.quotasChanged.push((before ?? loaded.#byEntity.get(key) as EntityQuotas).entity)
    }
    this.#byEntity = loaded.#byEntity
  }

  records (): MetadataEntry[] {
    const entries: MetadataEntry[] = []
    for (const { entity, values } of this.#byEntity.values()) {
      for (const [key, value] of values) {
        entries.push(fullEntry(ClientQuotaRecord, 0, {
          entity: [...entity].map(([entityType, entityName]) => ({ entityType, entityName })),
          key,
          value,
          remove: false,
        }))
      }
    }
    return entries
  }
}

/** The order of the components does not matter. */
function keyOf (entity: QuotaEntity): string {
  return JSON.stringify([...entity].sort(([a], [b]) => a < b ? -1 : 1))
}
