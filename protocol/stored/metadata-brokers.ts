/** Metadata records of brokers and controllers (KIP-631, KIP-919). */
import {
  array, bool, int16, int32, int64, int8, list, nullable, or, since, string, tagged, uint16,
  uuid,
} from '../types.ts'
import type { MessageOf } from '../types.ts'
import { metadataRecord } from './metadata-record.ts'

export const RegisterBrokerRecord = metadataRecord({
  key: 0,
  name: 'RegisterBrokerRecord',
  versions: [0, 4],
  flexible: 0,
  fields: {
    brokerId: int32,
    isMigratingZkBroker: since(2, bool, false),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: list({
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
    fenced: or(bool, true),
    inControlledShutdown: since(1, bool, false),
    logDirs: tagged(0, 3, array(uuid)),
    cordonedLogDirs: tagged(1, 4, nullable(array(uuid)), null),
  },
})
export interface RegisterBrokerRecord extends MessageOf<typeof RegisterBrokerRecord> {}

export const UnregisterBrokerRecord = metadataRecord({
  key: 1,
  name: 'UnregisterBrokerRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    brokerId: int32,
    brokerEpoch: int64,
  },
})
export interface UnregisterBrokerRecord extends MessageOf<typeof UnregisterBrokerRecord> {}

export const FenceBrokerRecord = metadataRecord({
  key: 7,
  name: 'FenceBrokerRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    id: int32,
    epoch: int64,
  },
})
export interface FenceBrokerRecord extends MessageOf<typeof FenceBrokerRecord> {}

export const UnfenceBrokerRecord = metadataRecord({
  key: 8,
  name: 'UnfenceBrokerRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    id: int32,
    epoch: int64,
  },
})
export interface UnfenceBrokerRecord extends MessageOf<typeof UnfenceBrokerRecord> {}

export const BrokerRegistrationChangeRecord = metadataRecord({
  key: 17,
  name: 'BrokerRegistrationChangeRecord',
  versions: [0, 3],
  flexible: 0,
  fields: {
    brokerId: int32,
    brokerEpoch: int64,
    fenced: tagged(0, 0, int8),
    inControlledShutdown: tagged(1, 1, int8),
    logDirs: tagged(2, 2, array(uuid)),
    cordonedLogDirs: tagged(3, 3, nullable(array(uuid)), null),
  },
})
export interface BrokerRegistrationChangeRecord
  extends MessageOf<typeof BrokerRegistrationChangeRecord> {}

export const RegisterControllerRecord = metadataRecord({
  key: 27,
  name: 'RegisterControllerRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    endPoints: list({
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
})
export interface RegisterControllerRecord extends MessageOf<typeof RegisterControllerRecord> {}

export const UnregisterControllerRecord = metadataRecord({
  key: 29,
  name: 'UnregisterControllerRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    controllerId: int32,
  },
})
export interface UnregisterControllerRecord extends MessageOf<typeof UnregisterControllerRecord> {}
