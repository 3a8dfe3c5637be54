/** Metadata records of access control, credentials and tokens (KIP-801, KIP-900). */
import { array, bytes, int32, int64, int8, string, uuid } from '../types.ts'
import type { MessageOf } from '../types.ts'
import { metadataRecord } from './metadata-record.ts'

export const AccessControlEntryRecord = metadataRecord({
  key: 18,
  name: 'AccessControlEntryRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  },
})
export interface AccessControlEntryRecord extends MessageOf<typeof AccessControlEntryRecord> {}

export const RemoveAccessControlEntryRecord = metadataRecord({
  key: 19,
  name: 'RemoveAccessControlEntryRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    id: uuid,
  },
})
export interface RemoveAccessControlEntryRecord
  extends MessageOf<typeof RemoveAccessControlEntryRecord> {}

export const UserScramCredentialRecord = metadataRecord({
  key: 11,
  name: 'UserScramCredentialRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  },
})
export interface UserScramCredentialRecord extends MessageOf<typeof UserScramCredentialRecord> {}

export const RemoveUserScramCredentialRecord = metadataRecord({
  key: 22,
  name: 'RemoveUserScramCredentialRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    name: string,
    mechanism: int8,
  },
})
export interface RemoveUserScramCredentialRecord
  extends MessageOf<typeof RemoveUserScramCredentialRecord> {}

export const DelegationTokenRecord = metadataRecord({
  key: 10,
  name: 'DelegationTokenRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  },
})
export interface DelegationTokenRecord extends MessageOf<typeof DelegationTokenRecord> {}

export const RemoveDelegationTokenRecord = metadataRecord({
  key: 26,
  name: 'RemoveDelegationTokenRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    tokenId: string,
  },
})
export interface RemoveDelegationTokenRecord
  extends MessageOf<typeof RemoveDelegationTokenRecord> {}
