import {
  api, bool, int16, int32, int8, list, nullable, or, since, string, until,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Raises or lowers finalized feature levels (KIP-584). */
export const UpdateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 2],
  flexible: 0,
  request: {
    timeoutMs: or(int32, 60000),
    featureUpdates: list({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: until(0, bool),
      upgradeType: since(1, int8, 1),
    }),
    validateOnly: since(1, bool, false),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    results: until(1, list({
      feature: string,
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
    })),
  },
})

export interface UpdateFeaturesRequest extends RequestOf<typeof UpdateFeatures> {}
export interface UpdateFeaturesResponse extends ResponseOf<typeof UpdateFeatures> {}
