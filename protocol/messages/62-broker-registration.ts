import {
  api, array, bool, int16, int32, int64, list, nullable, or, since, string, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Broker to controller: registers this process, answers its epoch (KIP-631). */
export const BrokerRegistration = api({
  key: 62,
  name: 'BrokerRegistration',
  versions: [0, 4],
  flexible: 0,
  request: {
    brokerId: int32,
    clusterId: string,
    incarnationId: uuid,
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
    rack: nullable(string),
    isMigratingZkBroker: since(1, bool, false),
    logDirs: since(2, array(uuid)),
    previousBrokerEpoch: since(3, int64, -1n),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    brokerEpoch: or(int64, -1n),
  },
})

export interface BrokerRegistrationRequest extends RequestOf<typeof BrokerRegistration> {}
export interface BrokerRegistrationResponse extends ResponseOf<typeof BrokerRegistration> {}
