import { api, bool, float64, int16, int32, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Changes client quotas (KIP-546). */
export const AlterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexible: 1,
  request: {
    entries: list({
      entity: list({
        entityType: string,
        entityName: nullable(string),
      }),
      ops: list({
        key: string,
        value: float64,
        remove: bool,
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    entries: list({
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
      entity: list({
        entityType: string,
        entityName: nullable(string),
      }),
    }),
  },
})

export interface AlterClientQuotasRequest extends RequestOf<typeof AlterClientQuotas> {}
export interface AlterClientQuotasResponse extends ResponseOf<typeof AlterClientQuotas> {}
