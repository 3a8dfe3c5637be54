/**
 * The image: what is true in the cluster now, folded from the committed metadata log (2.11). The
 * same records give the same image on every node, live, at load and out of a snapshot.
 */
import {
  BrokerRegistrationChangeRecord, FenceBrokerRecord, RegisterBrokerRecord,
  RegisterControllerRecord, UnfenceBrokerRecord, UnregisterBrokerRecord,
  UnregisterControllerRecord,
} from '../../../protocol/stored/metadata-brokers.ts'
import type { MetadataRecord } from '../../../protocol/stored/metadata-record.ts'
import {
  AccessControlEntryRecord, DelegationTokenRecord, RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
} from '../../../protocol/stored/metadata-security.ts'
import {
  AbortTransactionRecord, BeginTransactionRecord, ClientQuotaRecord, ConfigRecord,
  EndTransactionRecord, FeatureLevelRecord, NoOpRecord, ProducerIdsRecord, ZkMigrationStateRecord,
} from '../../../protocol/stored/metadata-settings.ts'
import {
  ClearElrRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
} from '../../../protocol/stored/metadata-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MessageOf } from '../../../protocol/types.ts'
import { Brokers, Controllers } from './brokers.ts'
import { Configs, resourceType } from './configs.ts'
import { MetadataDelta } from './delta.ts'
import { Features, METADATA_VERSION } from './features.ts'
import { fullEntry } from './full-entry.ts'
import { Quotas } from './quotas.ts'
import { areAlike } from './replacement.ts'
import { Acls, DelegationTokens, ScramCredentials } from './security.ts'
import { Topics } from './topics.ts'

/** Records that were appended together: they are applied together (2.10.17). */
export interface MetadataBatch {
  readonly baseOffset: bigint
  readonly leaderEpoch: number
  readonly entries: readonly MetadataEntry[]
}

export interface ProducerIds {
  readonly brokerId: number
  readonly brokerEpoch: bigint
  readonly nextProducerId: bigint
}

export class MetadataImage {
  readonly features = new Features()
  readonly brokers = new Brokers()
  readonly controllers = new Controllers()
  readonly topics = new Topics()
  readonly configs = new Configs()
  readonly quotas = new Quotas()
  readonly acls = new Acls()
  readonly scram = new ScramCredentials()
  readonly delegationTokens = new DelegationTokens()
  #producerIds: ProducerIds | undefined
  #lastAppliedOffset = -1n
  #lastAppliedEpoch = -1
  /** Records of a metadata transaction that has not ended: read, but not true yet. */
  #transaction: MetadataEntry[] | undefined

  /** The latest block handed out; undefined as long as none was. */
  get producerIds (): ProducerIds | undefined { return this.#producerIds }
  /** -1 before the first; stands still within a metadata transaction. */
  get lastAppliedOffset (): bigint { return this.#lastAppliedOffset }
  get lastAppliedEpoch (): number { return this.#lastAppliedEpoch }
  get metadataVersion (): number { return this.features.level(METADATA_VERSION) }
  get inTransaction (): boolean { return this.#transaction !== undefined }

  /** Throws on records that contradict the image, and on unknown ones: such a node must stop. */
  apply ({ baseOffset, leaderEpoch, entries }: MetadataBatch): MetadataDelta {
    const delta = new MetadataDelta()
    for (const [index, entry] of entries.entries()) {
      // What stands before the transaction is true already, so the offset must say so.
      if (index > 0 && entry.record.key === BeginTransactionRecord.key) {
        this.advance(baseOffset + BigInt(index) - 1n, leaderEpoch)
      }
      this.#read(entry, delta)
    }
    this.advance(baseOffset + BigInt(entries.length) - 1n, leaderEpoch)
    return delta
  }

  /** Passes records that carry no metadata: the quorum's own control records. */
  advance (offset: bigint, leaderEpoch: number): void {
    if (this.inTransaction) return
    this.#lastAppliedOffset = offset
    this.#lastAppliedEpoch = leaderEpoch
  }

  /**
   * R 2.10.20: takes over what a snapshot says, whatever the image held, and tells the difference:
   * what the snapshot does not name is gone. The offset is that of the last record that it covers.
   * Throws on a snapshot that contradicts itself; then nothing has changed.
   */
  load (entries: readonly MetadataEntry[], offset: bigint, leaderEpoch: number): MetadataDelta {
    const loaded = new MetadataImage()
    for (const entry of entries) loaded.#read(entry, new MetadataDelta())
    const delta = new MetadataDelta()
    this.features.replaceBy(loaded.features, delta)
    this.brokers.replaceBy(loaded.brokers, delta)
    this.controllers.replaceBy(loaded.controllers, delta)
    this.topics.replaceBy(loaded.topics, delta)
    this.configs.replaceBy(loaded.configs, delta)
    this.quotas.replaceBy(loaded.quotas, delta)
    this.acls.replaceBy(loaded.acls, delta)
    this.scram.replaceBy(loaded.scram, delta)
    this.delegationTokens.replaceBy(loaded.delegationTokens, delta)
    if (!areAlike(this.#producerIds, loaded.#producerIds)) delta.producerIdsChanged = true
    this.#producerIds = loaded.#producerIds
    // The records that it held are behind the snapshot, and come again.
    this.#transaction = undefined
    this.advance(offset, leaderEpoch)
    return delta
  }

  /** The image as the records of a snapshot. What an open transaction holds is not in it. */
  toRecords (): MetadataEntry[] {
    const { metadataVersion } = this
    return [
      ...this.features.records(),
      ...this.brokers.records(metadataVersion),
      ...this.controllers.records(),
      ...this.topics.records(metadataVersion),
      ...this.configs.records(),
      ...this.quotas.records(),
      ...this.#producerIds === undefined
        ? []
        : [fullEntry(ProducerIdsRecord, 0, { ...this.#producerIds })],
      ...this.acls.records(),
      ...this.scram.records(),
      ...this.delegationTokens.records(),
    ]
  }

  #read (entry: MetadataEntry, delta: MetadataDelta): void {
    switch (entry.record.key) {
      case BeginTransactionRecord.key:
        if (this.inTransaction) throw new Error('a metadata transaction begins inside another')
        this.#transaction = []
        return
      case EndTransactionRecord.key:
        for (const held of this.#endTransaction()) this.#replay(held, delta)
        return
      case AbortTransactionRecord.key:
        this.#endTransaction()
        return
    }
    if (this.#transaction !== undefined) this.#transaction.push(entry)
    else this.#replay(entry, delta)
  }

  #endTransaction (): MetadataEntry[] {
    const held = this.#transaction
    if (held === undefined) throw new Error('a metadata transaction ends that never began')
    this.#transaction = undefined
    return held
  }

  #replay ({ record, value }: MetadataEntry, delta: MetadataDelta): void {
    const replay = replayers.get(record.key)
    if (replay === undefined) throw new Error(`unknown metadata record ${record.name}`)
    replay(this, value, delta)
  }

  replayProducerIds (record: ProducerIdsRecord, delta: MetadataDelta): void {
    const { brokerId, brokerEpoch, nextProducerId } = record
    if (this.#producerIds !== undefined && nextProducerId <= this.#producerIds.nextProducerId) {
      throw new Error(
        `producer ids go back from ${this.#producerIds.nextProducerId} to ${nextProducerId}`)
    }
    this.#producerIds = { brokerId, brokerEpoch, nextProducerId }
    delta.producerIdsChanged = true
  }
}

type Replay<V> = (image: MetadataImage, value: V, delta: MetadataDelta) => void

function on<R extends MetadataRecord> (
  record: R, replay: Replay<MessageOf<R>>
): [number, Replay<any>] {
  return [record.key, replay]
}

const replayers = new Map<number, Replay<any>>([
  on(RegisterBrokerRecord, (image, value, delta) => image.brokers.replayRegister(value, delta)),
  on(UnregisterBrokerRecord, (image, value, delta) => image.brokers.replayUnregister(value, delta)),
  on(FenceBrokerRecord, (image, value, delta) => image.brokers.replayFence(value, delta)),
  on(UnfenceBrokerRecord, (image, value, delta) => image.brokers.replayUnfence(value, delta)),
  on(BrokerRegistrationChangeRecord,
    (image, value, delta) => image.brokers.replayChange(value, delta)),
  on(RegisterControllerRecord,
    (image, value, delta) => image.controllers.replayRegister(value, delta)),
  on(UnregisterControllerRecord,
    (image, value, delta) => image.controllers.replayUnregister(value, delta)),
  on(TopicRecord, (image, value, delta) => image.topics.replayTopic(value, delta)),
  on(PartitionRecord, (image, value, delta) => image.topics.replayPartition(value, delta)),
  on(PartitionChangeRecord,
    (image, value, delta) => image.topics.replayPartitionChange(value, delta)),
  on(RemoveTopicRecord, (image, value, delta) => {
    const { name } = image.topics.replayRemove(value, delta)
    image.configs.remove(resourceType.TOPIC, name)
  }),
  on(ClearElrRecord, (image, value, delta) => image.topics.replayClearElr(value, delta)),
  on(ConfigRecord, (image, value, delta) => image.configs.replay(value, delta)),
  on(FeatureLevelRecord, (image, value, delta) => image.features.replay(value, delta)),
  on(ClientQuotaRecord, (image, value, delta) => image.quotas.replay(value, delta)),
  on(ProducerIdsRecord, (image, value, delta) => image.replayProducerIds(value, delta)),
  on(AccessControlEntryRecord, (image, value, delta) => image.acls.replay(value, delta)),
  on(RemoveAccessControlEntryRecord,
    (image, value, delta) => image.acls.replayRemove(value, delta)),
  on(UserScramCredentialRecord, (image, value, delta) => image.scram.replay(value, delta)),
  on(RemoveUserScramCredentialRecord,
    (image, value, delta) => image.scram.replayRemove(value, delta)),
  on(DelegationTokenRecord, (image, value, delta) => image.delegationTokens.replay(value, delta)),
  on(RemoveDelegationTokenRecord,
    (image, value, delta) => image.delegationTokens.replayRemove(value, delta)),
  // KIP-835, KIP-866: they move the offset on, and say nothing about a cluster without ZooKeeper.
  on(NoOpRecord, () => {}),
  on(ZkMigrationStateRecord, () => {}),
])
