/** Metadata records of configuration, features, quotas and producer ids (KIP-631). */
import {
  bool, float64, int16, int32, int64, int8, list, nullable, or, string, tagged,
} from '../types.ts'
import type { MessageOf } from '../types.ts'
import { metadataRecord } from './metadata-record.ts'

export const ConfigRecord = metadataRecord({
  key: 4,
  name: 'ConfigRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    resourceType: int8,
    resourceName: string,
    name: string,
    value: nullable(string),
  },
})
export interface ConfigRecord extends MessageOf<typeof ConfigRecord> {}

export const FeatureLevelRecord = metadataRecord({
  key: 12,
  name: 'FeatureLevelRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    name: string,
    featureLevel: int16,
  },
})
export interface FeatureLevelRecord extends MessageOf<typeof FeatureLevelRecord> {}

export const ClientQuotaRecord = metadataRecord({
  key: 14,
  name: 'ClientQuotaRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    entity: list({
      entityType: string,
      entityName: nullable(string),
    }),
    key: string,
    value: float64,
    remove: bool,
  },
})
export interface ClientQuotaRecord extends MessageOf<typeof ClientQuotaRecord> {}

export const ProducerIdsRecord = metadataRecord({
  key: 15,
  name: 'ProducerIdsRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    brokerId: int32,
    brokerEpoch: or(int64, -1n),
    nextProducerId: int64,
  },
})
export interface ProducerIdsRecord extends MessageOf<typeof ProducerIdsRecord> {}

export const NoOpRecord = metadataRecord({
  key: 20,
  name: 'NoOpRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {},
})
export interface NoOpRecord extends MessageOf<typeof NoOpRecord> {}

export const ZkMigrationStateRecord = metadataRecord({
  key: 21,
  name: 'ZkMigrationStateRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    zkMigrationState: int8,
  },
})
export interface ZkMigrationStateRecord extends MessageOf<typeof ZkMigrationStateRecord> {}

export const BeginTransactionRecord = metadataRecord({
  key: 23,
  name: 'BeginTransactionRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    name: tagged(0, 0, nullable(string), null),
  },
})
export interface BeginTransactionRecord extends MessageOf<typeof BeginTransactionRecord> {}

export const EndTransactionRecord = metadataRecord({
  key: 24,
  name: 'EndTransactionRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {},
})
export interface EndTransactionRecord extends MessageOf<typeof EndTransactionRecord> {}

export const AbortTransactionRecord = metadataRecord({
  key: 25,
  name: 'AbortTransactionRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    reason: tagged(0, 0, nullable(string), null),
  },
})
export interface AbortTransactionRecord extends MessageOf<typeof AbortTransactionRecord> {}
