/** Requests about configuration in one line. */
import { DescribeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { MessageOf } from '../../protocol/types.ts'
import type { RawClient } from './raw-client.ts'

export const TOPIC = 2
export const BROKER = 4
export const LOGGER = 8
export const METRICS = 16
export const GROUP = 32

export type Operation = [name: string, operation: 'set' | 'delete' | 'append' | 'subtract' | number, value?: string | null]

const CODES = { set: 0, delete: 1, append: 2, subtract: 3 }

export function change (resourceType: number, resourceName: string, ...operations: Operation[]) {
  return {
    resourceType,
    resourceName,
    configs: operations.map(([name, operation, value = null]) =>
      ({ name, configOperation: typeof operation === 'number' ? operation : CODES[operation], value })),
  }
}

/** Of one resource: error and message. */
export async function alter (
  client: RawClient, type: number, name: string, ...operations: Operation[]
): Promise<[errorCode: number, errorMessage: string | null]> {
  const { responses } = await client.request(IncrementalAlterConfigs, 1, {
    resources: [change(type, name, ...operations)], validateOnly: false,
  })
  const { errorCode, errorMessage } =
    responses[0] as { errorCode: number, errorMessage: string | null }
  return [errorCode, errorMessage]
}

export type DescribedResult = MessageOf<typeof DescribeConfigs.response>['results'][number]

export async function describe (
  client: RawClient, type: number, name: string, keys: string[] | null = null, version = 4
): Promise<DescribedResult> {
  const { results } = await client.request(DescribeConfigs, version, {
    resources: [{ resourceType: type, resourceName: name, configurationKeys: keys }],
    ...(version >= 1 ? { includeSynonyms: true } : {}),
    ...(version >= 3 ? { includeDocumentation: true } : {}),
  })
  return results[0] as DescribedResult
}

/** The value of one key, as it is shown. */
export async function valueOf (
  client: RawClient, type: number, name: string, key: string
): Promise<string | null | undefined> {
  return (await describe(client, type, name, [key])).configs[0]?.value
}
