/** Access control entries, SCRAM credentials and delegation tokens, as stored. */
import {
  AccessControlEntryRecord, DelegationTokenRecord, UserScramCredentialRecord,
} from '../../../protocol/stored/metadata-security.ts'
import type {
  RemoveAccessControlEntryRecord, RemoveDelegationTokenRecord, RemoveUserScramCredentialRecord,
} from '../../../protocol/stored/metadata-security.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataDelta } from './delta.ts'
import { fullEntry } from './full-entry.ts'
import { differences } from './replacement.ts'

export class Acls {
  #byId = new Map<string, AccessControlEntryRecord>()

  get size (): number { return this.#byId.size }
  [Symbol.iterator] (): IterableIterator<AccessControlEntryRecord> { return this.#byId.values() }

  replay (record: AccessControlEntryRecord, delta: MetadataDelta): void {
    this.#byId.set(record.id, record)
    delta.aclsChanged.add(record.id)
  }

  replayRemove ({ id }: RemoveAccessControlEntryRecord, delta: MetadataDelta): void {
    if (!this.#byId.delete(id)) throw new Error(`removal of unknown access control entry ${id}`)
    delta.aclsChanged.add(id)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Acls, delta: MetadataDelta): void {
    for (const [id] of differences(this.#byId, loaded.#byId)) delta.aclsChanged.add(id)
    this.#byId = loaded.#byId
  }

  records (): MetadataEntry[] {
    return [...this.#byId.values()].map(value => fullEntry(AccessControlEntryRecord, 0, value))
  }
}

export class ScramCredentials {
  #byUser = new Map<string, Map<number, UserScramCredentialRecord>>()

  users (): IterableIterator<string> { return this.#byUser.keys() }

  of (user: string): ReadonlyMap<number, UserScramCredentialRecord> | undefined {
    return this.#byUser.get(user)
  }

  replay (record: UserScramCredentialRecord, delta: MetadataDelta): void {
    const credentials =
      this.#byUser.get(record.name) ?? new Map<number, UserScramCredentialRecord>()
    this.#byUser.set(record.name, credentials.set(record.mechanism, record))
    delta.scramUsersChanged.add(record.name)
  }

  replayRemove ({ name, mechanism }: RemoveUserScramCredentialRecord, delta: MetadataDelta): void {
    const credentials = this.#byUser.get(name)
    if (!credentials?.delete(mechanism)) {
      throw new Error(`removal of an unknown credential of user ${name}, mechanism ${mechanism}`)
    }
    if (credentials.size === 0) this.#byUser.delete(name)
    delta.scramUsersChanged.add(name)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: ScramCredentials, delta: MetadataDelta): void {
    for (const [user] of differences(this.#byUser, loaded.#byUser)) {
      delta.scramUsersChanged.add(user)
    }
    this.#byUser = loaded.#byUser
  }

  records (): MetadataEntry[] {
    return [...this.#byUser.values()].flatMap(credentials =>
      [...credentials.values()].map(value => fullEntry(UserScramCredentialRecord, 0, value)))
  }
}

export class DelegationTokens {
  #byId = new Map<string, DelegationTokenRecord>()

  get (tokenId: string): DelegationTokenRecord | undefined { return this.#byId.get(tokenId) }
  [Symbol.iterator] (): IterableIterator<DelegationTokenRecord> { return this.#byId.values() }

  replay (record: DelegationTokenRecord, delta: MetadataDelta): void {
    this.#byId.set(record.tokenId, record)
    delta.delegationTokensChanged.add(record.tokenId)
  }

  replayRemove ({ tokenId }: RemoveDelegationTokenRecord, delta: MetadataDelta): void {
    if (!this.#byId.delete(tokenId)) throw new Error(`removal of unknown delegation token ${tokenId}`)
    delta.delegationTokensChanged.add(tokenId)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: DelegationTokens, delta: MetadataDelta): void {
    for (const [id] of differences(this.#byId, loaded.#byId)) delta.delegationTokensChanged.add(id)
    this.#byId = loaded.#byId
  }

  records (): MetadataEntry[] {
    return [...this.#byId.values()].map(value => fullEntry(DelegationTokenRecord, 0, value))
  }
}
