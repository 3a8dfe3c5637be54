import { api, bool, float64, int16, int32, int8, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes client quotas that match a filter (KIP-546). */
export const DescribeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexible: 1,
  request: {
    components: list({
      entityType: string,
      matchType: int8,
      match: nullable(string),
    }),
    strict: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    entries: nullable(list({
      entity: list({
        entityType: string,
        entityName: nullable(string),
      }),
      values: list({
        key: string,
        value: float64,
      }),
    })),
  },
})

export interface DescribeClientQuotasRequest extends RequestOf<typeof DescribeClientQuotas> {}
export interface DescribeClientQuotasResponse extends ResponseOf<typeof DescribeClientQuotas> {}
