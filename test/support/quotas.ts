/** Client quotas in one line each: how tests set and describe them. */
import { AlterClientQuotas } from '../../protocol/messages/49-alter-client-quotas.ts'
import type { RawClient } from './raw-client.ts'

export type Entity = Record<string, string | null>
/** Null removes. */
export type Values = Record<string, number | null>

export const entityRows = (entity: Entity) =>
  Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }))

export function alterQuotas (
  client: RawClient, version: number, entries: ReadonlyArray<[Entity, Values]>, validateOnly = false
) {
  return client.request(AlterClientQuotas, version, {
    entries: entries.map(([entity, values]) => ({
      entity: entityRows(entity),
      ops: Object.entries(values).map(
        ([key, value]) => ({ key, value: value ?? 0, remove: value === null })
      ),
    })),
    validateOnly,
  })
}

/** Throws when a quota is refused. */
export async function setQuota (client: RawClient, entity: Entity, values: Values): Promise<void> {
  const { entries: [row] } = await alterQuotas(client, 1, [[entity, values]])
  if (row?.errorCode !== 0) throw new Error(String(row?.errorMessage))
}
