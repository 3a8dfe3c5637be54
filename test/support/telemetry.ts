/** Client metrics subscriptions, set as an administrator would. */
import { IncrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { RawBroker } from './raw-broker.ts'

const CLIENT_METRICS = 16
const [SET, DELETE] = [0, 1]

/** Null removes. */
export async function setSubscription (
  raw: RawBroker, resourceName: string, values: Record<string, string | null>
): Promise<void> {
  const client = await raw.client()
  const { responses: [row] } = await client.request(IncrementalAlterConfigs, 1, {
    resources: [{
      resourceType: CLIENT_METRICS,
      resourceName,
      configs: Object.entries(values).map(([name, value]) =>
        ({ name, configOperation: value === null ? DELETE! : SET!, value })),
    }],
    validateOnly: false,
  })
  client.end()
  if (row?.errorCode !== 0) throw new Error(String(row?.errorMessage))
}
