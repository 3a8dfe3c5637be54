/**
 * Registered brokers and controllers: where they listen, what they support, whether they may lead.
 */
import {
  BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord,
} from '../../../protocol/stored/metadata-brokers.ts'
import type {
  FenceBrokerRecord, UnfenceBrokerRecord, UnregisterBrokerRecord, UnregisterControllerRecord,
} from '../../../protocol/stored/metadata-brokers.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { BrokerRegistration, ControllerRegistration, VersionRange } from './facts.ts'
import type { MetadataDelta } from './delta.ts'
import { isOnlineDirectory } from './directory.ts'
import { fullEntry } from './full-entry.ts'
import { registerBrokerVersion } from './record-versions.ts'
import { differences } from './replacement.ts'

export class Brokers {
  #brokers = new Map<number, BrokerRegistration>()

  get size (): number { return this.#brokers.size }
  get (brokerId: number): BrokerRegistration | undefined { return this.#brokers.get(brokerId) }
  [Symbol.iterator] (): IterableIterator<BrokerRegistration> { return this.#brokers.values() }

  /** May be in ISRs and lead: neither fenced nor on its way out (KIP-841). */
  isActive (brokerId: number): boolean {
    const broker = this.#brokers.get(brokerId)
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
  }

  hasOnlineDirectory (brokerId: number, directory: string): boolean {
    const broker = this.#brokers.get(brokerId)
    return broker !== undefined && isOnlineDirectory(directory, broker.logDirs)
  }

  replayRegister (record: RegisterBrokerRecord, delta: MetadataDelta): void {
    this.#put({
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      endpoints: record.endPoints,
      features: rangesOf(record.features),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      logDirs: record.logDirs,
      cordonedLogDirs: record.cordonedLogDirs,
      isMigratingZkBroker: record.isMigratingZkBroker,
    }, delta)
  }

  replayUnregister ({ brokerId, brokerEpoch }: UnregisterBrokerRecord, delta: MetadataDelta): void {
    const broker = this.#brokerOf(brokerId, brokerEpoch, 'UnregisterBrokerRecord')
    this.#brokers.delete(brokerId)
    delta.brokerChanged(brokerId, broker)
  }

  replayFence ({ id, epoch }: FenceBrokerRecord, delta: MetadataDelta): void {
    this.#put({ ...this.#brokerOf(id, epoch, 'FenceBrokerRecord'), fenced: true }, delta)
  }

  replayUnfence ({ id, epoch }: UnfenceBrokerRecord, delta: MetadataDelta): void {
    this.#put({ ...this.#brokerOf(id, epoch, 'UnfenceBrokerRecord'), fenced: false }, delta)
  }

  replayChange (record: BrokerRegistrationChangeRecord, delta: MetadataDelta): void {
    const { brokerId, brokerEpoch, fenced, inControlledShutdown, logDirs, cordonedLogDirs } = record
    const broker = this.#brokerOf(brokerId, brokerEpoch, 'BrokerRegistrationChangeRecord')
    if (fenced < -1 || fenced > 1) throw new Error(`fenced is ${fenced} for broker ${brokerId}`)
    if (inControlledShutdown < 0 || inControlledShutdown > 1) {
      throw new Error(`inControlledShutdown is ${inControlledShutdown} for broker ${brokerId}`)
    }
    this.#put({
      ...broker,
      fenced: fenced === 0 ? broker.fenced : fenced === FENCE,
      inControlledShutdown: broker.inControlledShutdown || inControlledShutdown === 1,
      logDirs: logDirs.length > 0 ? logDirs : broker.logDirs,
      cordonedLogDirs: cordonedLogDirs ?? broker.cordonedLogDirs,
    }, delta)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Brokers, delta: MetadataDelta): void {
    for (const [id, before] of differences(this.#brokers, loaded.#brokers)) {
      delta.brokerChanged(id, before)
    }
    this.#brokers = loaded.#brokers
  }

  records (metadataVersion: number): MetadataEntry[] {
    return [...this.#brokers.values()].map(broker =>
      fullEntry(RegisterBrokerRecord, registerBrokerVersion(metadataVersion), {
        brokerId: broker.id,
        isMigratingZkBroker: broker.isMigratingZkBroker,
        incarnationId: broker.incarnationId,
        brokerEpoch: broker.epoch,
        endPoints: [...broker.endpoints],
        features: featuresOf(broker.features),
        rack: broker.rack,
        fenced: broker.fenced,
        inControlledShutdown: broker.inControlledShutdown,
        logDirs: [...broker.logDirs],
        cordonedLogDirs: broker.cordonedLogDirs === null ? null : [...broker.cordonedLogDirs],
      }))
  }

  #put (broker: BrokerRegistration, delta: MetadataDelta): void {
    const before = this.#brokers.get(broker.id)
    this.#brokers.set(broker.id, broker)
    delta.brokerChanged(broker.id, before)
  }

  #brokerOf (brokerId: number, epoch: bigint, recordName: string): BrokerRegistration {
    const broker = this.#brokers.get(brokerId)
    if (broker === undefined) throw new Error(`${recordName} for unregistered broker ${brokerId}`)
    if (broker.epoch !== epoch) {
      throw new Error(`${recordName} for epoch ${epoch} of broker ${brokerId}, now ${broker.epoch}`)
    }
    return broker
  }
}

export const FENCE = 1
export const UNFENCE = -1

/** What a BrokerRegistrationChangeRecord says; what is left out stays as it is. */
export interface BrokerChange {
  readonly fenced?: typeof FENCE | typeof UNFENCE
  readonly inControlledShutdown?: true
  readonly logDirs?: readonly string[]
  readonly cordonedLogDirs?: readonly string[]
}

/** The lowest record version that can say it, as Kafka writes it. */
export function brokerChangeEntry (
  broker: BrokerRegistration, change: BrokerChange
): MetadataEntry {
  const version = change.cordonedLogDirs !== undefined
    ? 3
    : change.logDirs !== undefined ? 2 : change.inControlledShutdown ? 1 : 0
  return fullEntry(BrokerRegistrationChangeRecord, version, {
    brokerId: broker.id,
    brokerEpoch: broker.epoch,
    fenced: change.fenced ?? 0,
    inControlledShutdown: change.inControlledShutdown ? 1 : 0,
    logDirs: [...change.logDirs ?? []],
    cordonedLogDirs: change.cordonedLogDirs === undefined ? null : [...change.cordonedLogDirs],
  })
}

export class Controllers {
  #controllers = new Map<number, ControllerRegistration>()

  get (controllerId: number): ControllerRegistration | undefined {
    return this.#controllers.get(controllerId)
  }
  [Symbol.iterator] (): IterableIterator<ControllerRegistration> {
    return this.#controllers.values()
  }

  replayRegister (record: RegisterControllerRecord, delta: MetadataDelta): void {
    this.#controllers.set(record.controllerId, {
      id: record.controllerId,
      incarnationId: record.incarnationId,
      zkMigrationReady: record.zkMigrationReady,
      endpoints: record.endPoints,
      features: rangesOf(record.features),
    })
    delta.controllersChanged.add(record.controllerId)
  }

  replayUnregister ({ controllerId }: UnregisterControllerRecord, delta: MetadataDelta): void {
    if (!this.#controllers.delete(controllerId)) {
      throw new Error(`UnregisterControllerRecord for unregistered controller ${controllerId}`)
    }
    delta.controllersChanged.add(controllerId)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Controllers, delta: MetadataDelta): void {
    for (const [id] of differences(this.#controllers, loaded.#controllers)) {
      delta.controllersChanged.add(id)
    }
    this.#controllers = loaded.#controllers
  }

  records (): MetadataEntry[] {
    return [...this.#controllers.values()].map(controller =>
      fullEntry(RegisterControllerRecord, 0, {
        controllerId: controller.id,
        incarnationId: controller.incarnationId,
        zkMigrationReady: controller.zkMigrationReady,
        endPoints: [...controller.endpoints],
        features: featuresOf(controller.features),
      }))
  }
}

interface FeatureRow { name: string, minSupportedVersion: number, maxSupportedVersion: number }

function rangesOf (rows: readonly FeatureRow[]): Map<string, VersionRange> {
  return new Map(rows.map(({ name, minSupportedVersion, maxSupportedVersion }) =>
    [name, { minVersion: minSupportedVersion, maxVersion: maxSupportedVersion }]))
}

function featuresOf (ranges: ReadonlyMap<string, VersionRange>): FeatureRow[] {
  return [...ranges].map(([name, { minVersion, maxVersion }]) =>
    ({ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion }))
}
