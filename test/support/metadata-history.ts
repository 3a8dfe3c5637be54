/** Histories of the metadata log: records that make sense one after the other, of every type. */
import {
  FenceBrokerRecord, RegisterBrokerRecord, RegisterControllerRecord, UnfenceBrokerRecord,
  UnregisterBrokerRecord, UnregisterControllerRecord,
} from '../../protocol/stored/metadata-brokers.ts'
import {
  AccessControlEntryRecord, DelegationTokenRecord, RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
} from '../../protocol/stored/metadata-security.ts'
import {
  ClientQuotaRecord, ConfigRecord, FeatureLevelRecord, NoOpRecord, ProducerIdsRecord,
  ZkMigrationStateRecord,
} from '../../protocol/stored/metadata-settings.ts'
import {
  ClearElrRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
} from '../../protocol/stored/metadata-topics.ts'
import { decodeMetadata, encodeMetadata, entry } from '../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import type { MetadataImage } from '../../src/core/metadata/image.ts'
import { idOf } from './metadata-cluster.ts'

/** Through bytes, as records travel. */
export function whole (entries: readonly MetadataEntry[]): MetadataEntry[] {
  return entries.map(it => decodeMetadata(encodeMetadata(it)))
}

export function topic (name: string, number: number): MetadataEntry {
  return entry(TopicRecord, 0, { name, topicId: idOf(number) })
}

export function partition (
  topicNumber: number, partitionId: number, replicas: number[]
): MetadataEntry {
  return entry(PartitionRecord, 2, {
    partitionId,
    topicId: idOf(topicNumber),
    replicas,
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    leader: replicas[0]!,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map(replica => idOf(2000 + replica)),
  })
}

/** Compares by what a snapshot would say, without regard to the order of Maps. */
export function described (image: MetadataImage): string[] {
  return image.toRecords().map(({ record, version, value }) =>
    record.name + version + JSON.stringify(value, (_, it) => typeof it === 'bigint' ? `${it}n` : it)).sort()
}

type Maker = () => MetadataEntry | undefined

function settingMakers (random: () => number, image: MetadataImage, number: number): Maker[] {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
  const aclIds = [...image.acls].map(({ id }) => id)
  const user = pick([...image.scram.users()])
  const token = pick([...image.delegationTokens])
  return [
    () => entry(ProducerIdsRecord, 0, {
      brokerId: 1, brokerEpoch: 5n,
      nextProducerId: (image.producerIds?.nextProducerId ?? 0n) + 1000n,
    }),
    () => entry(AccessControlEntryRecord, 0, {
      id: idOf(number),
      resourceType: 2,
      resourceName: 'r',
      patternType: 3,
      principal: 'User:u',
      host: '*',
      operation: 3,
      permissionType: 3,
    }),
    () => aclIds.length > 0
      ? entry(RemoveAccessControlEntryRecord, 0, { id: pick(aclIds)! })
      : undefined,
    () => entry(UserScramCredentialRecord, 0, {
      name: pick(['u', 'v'])!,
      mechanism: pick([1, 2])!,
      salt: Buffer.of(1),
      storedKey: Buffer.of(2),
      serverKey: Buffer.of(number & 255),
      iterations: 4096,
    }),
    () => user === undefined
      ? undefined
      : entry(RemoveUserScramCredentialRecord, 0,
        { name: user, mechanism: pick([...image.scram.of(user)!.keys()])! }),
    () => entry(DelegationTokenRecord, 0, {
      owner: 'User:u',
      requester: 'User:u',
      renewers: [],
      issueTimestamp: 1n,
      maxTimestamp: 2n,
      expirationTimestamp: 3n,
      tokenId: pick(['t', 's'])!,
    }),
    () => token && entry(RemoveDelegationTokenRecord, 0, { tokenId: token.tokenId }),
    () => entry(RegisterControllerRecord, 0, {
      controllerId: pick([1, 2])!,
      incarnationId: idOf(number),
      zkMigrationReady: false,
      endPoints: [{ name: 'C', host: 'h', port: 1, securityProtocol: 0 }],
      features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 33 }],
    }),
    () => entry(NoOpRecord, 0, {}),
    () => entry(ZkMigrationStateRecord, 0, { zkMigrationState: 0 }),
  ]
}

function brokerMakers (random: () => number, image: MetadataImage, number: number): Maker[] {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
  const broker = pick([...image.brokers])
  const controller = pick([...image.controllers])
  const brokerId = pick([1, 2, 3, 4])!
  return [
    () => entry(RegisterBrokerRecord, 4, {
      brokerId,
      incarnationId: idOf(number),
      brokerEpoch: BigInt(number),
      endPoints: [{ name: 'PLAINTEXT', host: 'h', port: number, securityProtocol: 0 }],
      features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 33 }],
      rack: pick(['r', null])!,
      fenced: random() < 0.5,
      inControlledShutdown: false,
      logDirs: [idOf(2000 + brokerId)],
      cordonedLogDirs: pick([null, [], [idOf(2000 + brokerId)]])!,
    }),
    () => broker && entry(FenceBrokerRecord, 0, { id: broker.id, epoch: broker.epoch }),
    () => broker && entry(UnfenceBrokerRecord, 0, { id: broker.id, epoch: broker.epoch }),
    () => broker &&
      entry(UnregisterBrokerRecord, 0, { brokerId: broker.id, brokerEpoch: broker.epoch }),
    () => controller && entry(UnregisterControllerRecord, 0, { controllerId: controller.id }),
  ]
}

/** A topic that is made and deleted over and over, each time with another id. */
function recurring (random: () => number, image: MetadataImage, number: number): MetadataEntry {
  const name = random() < 0.5 ? 'again' : 'again.and'
  const there = image.topics.find(name)
  return there === undefined
    ? topic(name, number)
    : entry(RemoveTopicRecord, 0, { topicId: there.id })
}

/** Any record that makes sense after what is there, so that every type comes up. */
export function randomRecord (
  random: () => number, image: MetadataImage, number: number
): MetadataEntry {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
  const topics = [...image.topics]
  const chosen = pick(topics)
  const makers: Maker[] = [
    () => topic(pick(['a.', 'b_', '__proto__', 'c'])! + number, number),
    () => chosen && entry(PartitionRecord, 2, {
      ...partition(0, chosen.partitions.length, [1, 2, 3]).value as object, topicId: chosen.id,
    } as never),
    () => chosen && chosen.partitions.length > 0
      ? entry(PartitionChangeRecord, 2, {
        topicId: chosen.id,
        partitionId: Math.floor(random() * chosen.partitions.length),
        isr: pick([null, [1], [2, 3], []])!,
        leader: pick([-2, -1, 1, 2])!,
        eligibleLeaderReplicas: pick([null, [2], []])!,
        lastKnownElr: pick([null, [3], []])!,
        leaderRecoveryState: pick([-1, 0, 1])!,
      })
      : undefined,
    () => chosen && entry(RemoveTopicRecord, 0, { topicId: chosen.id }),
    () => chosen && entry(ClearElrRecord, 0, { topicName: pick(['', chosen.name])! }),
    () => entry(ConfigRecord, 0, {
      resourceType: pick([2, 4, 16, 32])!,
      resourceName: pick([chosen?.name ?? '', '', 'x'])!,
      name: pick(['k', 'l', '__proto__'])!,
      value: pick([null, 'v', ''])!,
    }),
    () => entry(ConfigRecord, 0, { resourceType: 4, resourceName: '', name: 'k', value: pick([null, 'w'])! }),
    () => entry(FeatureLevelRecord, 0, { name: pick(['f', 'g'])!, featureLevel: pick([0, 1, 2])! }),
    () => entry(ClientQuotaRecord, 0, {
      entity: pick([
        [{ entityType: 'user', entityName: 'u' }, { entityType: 'client-id', entityName: null }],
        [{ entityType: 'client-id', entityName: null }, { entityType: 'user', entityName: 'u' }],
        [{ entityType: 'ip', entityName: '::1' }],
      ])!,
      key: pick(['producer_byte_rate', 'consumer_byte_rate'])!,
      value: random() * 100,
      remove: random() < 0.3,
    }),
    () => recurring(random, image, number),
    () => recurring(random, image, number),
    ...brokerMakers(random, image, number),
    ...settingMakers(random, image, number),
  ]
  return pick(makers)!() ?? entry(NoOpRecord, 0, {})
}
