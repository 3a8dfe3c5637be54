/** Every record of `__cluster_metadata`, by its key. */
import {
  RegisterBrokerRecord, UnregisterBrokerRecord, FenceBrokerRecord, UnfenceBrokerRecord,
  BrokerRegistrationChangeRecord, RegisterControllerRecord, UnregisterControllerRecord,
} from './metadata-brokers.ts'
import {
  TopicRecord, PartitionRecord, PartitionChangeRecord, RemoveTopicRecord, ClearElrRecord,
} from './metadata-topics.ts'
import {
  ConfigRecord, FeatureLevelRecord, ClientQuotaRecord, ProducerIdsRecord, NoOpRecord,
  ZkMigrationStateRecord, BeginTransactionRecord, EndTransactionRecord, AbortTransactionRecord,
} from './metadata-settings.ts'
import {
  DelegationTokenRecord, UserScramCredentialRecord, AccessControlEntryRecord,
  RemoveAccessControlEntryRecord, RemoveUserScramCredentialRecord, RemoveDelegationTokenRecord,
} from './metadata-security.ts'
import type { MetadataRecord } from './metadata-record.ts'

export const metadataRecords: readonly MetadataRecord[] = [
  RegisterBrokerRecord, UnregisterBrokerRecord, TopicRecord, PartitionRecord, ConfigRecord,
  PartitionChangeRecord, FenceBrokerRecord, UnfenceBrokerRecord, RemoveTopicRecord,
  DelegationTokenRecord, UserScramCredentialRecord, FeatureLevelRecord, ClientQuotaRecord,
  ProducerIdsRecord, BrokerRegistrationChangeRecord, AccessControlEntryRecord,
  RemoveAccessControlEntryRecord, NoOpRecord, ZkMigrationStateRecord,
  RemoveUserScramCredentialRecord, BeginTransactionRecord, EndTransactionRecord,
  AbortTransactionRecord, RemoveDelegationTokenRecord, RegisterControllerRecord, ClearElrRecord,
  UnregisterControllerRecord,
]

const byKey = new Map(metadataRecords.map(record => [record.key, record]))

export function metadataRecordOf (key: number): MetadataRecord | undefined { return byKey.get(key) }
