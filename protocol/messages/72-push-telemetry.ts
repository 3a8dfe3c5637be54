import { api, bool, bytes, int16, int32, int8, or, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Pushes client metrics (KIP-714). */
export const PushTelemetry = api({
  key: 72,
  name: 'PushTelemetry',
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: bool,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
  },
})

export interface PushTelemetryRequest extends RequestOf<typeof PushTelemetry> {}
export interface PushTelemetryResponse extends ResponseOf<typeof PushTelemetry> {}
