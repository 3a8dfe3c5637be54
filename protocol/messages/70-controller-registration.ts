import { api, bool, int16, int32, list, nullable, or, string, uint16, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Registers a controller with the active one (KIP-919). */
export const ControllerRegistration = api({
  key: 70,
  name: 'ControllerRegistration',
  versions: [0, 0],
  flexible: 0,
  request: {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    listeners: list({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: list({
      name: string,
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
  },
})

export interface ControllerRegistrationRequest extends RequestOf<typeof ControllerRegistration> {}
export interface ControllerRegistrationResponse extends ResponseOf<typeof ControllerRegistration> {}
