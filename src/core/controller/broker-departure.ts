/** What a broker's coming and going does to partitions: ISRs, ELRs and leaderships (2.4, 2.5). */
import { UnregisterBrokerRecord } from '../../../protocol/stored/metadata-brokers.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { FENCE, UNFENCE, brokerChangeEntry } from '../metadata/brokers.ts'
import type { BrokerRegistration, PartitionRegistration } from '../metadata/facts.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { NO_LEADER } from '../metadata/partition.ts'
import type { ControllerSettings } from './decision.ts'
import { changePartition } from './partition-change.ts'
import { electionOf, topicContextOf } from './partition-context.ts'

interface View { readonly image: MetadataImage, readonly settings: ControllerSettings }

/** Which broker joins or leaves in this decision; the image does not know it yet. */
interface Movement {
  readonly leaving?: number
  readonly joining?: number
  readonly uncleanShutdown?: number
}

function partitionUpdates (
  view: View, { leaving, joining, uncleanShutdown }: Movement,
  concerns: (partition: PartitionRegistration, topicId: string, index: number) => boolean
): MetadataEntry[] {
  const { image } = view
  const entries: MetadataEntry[] = []
  const isAcceptableLeader = (brokerId: number): boolean =>
    brokerId !== leaving && brokerId !== uncleanShutdown &&
    (brokerId === joining || image.brokers.isActive(brokerId))
  for (const topic of image.topics) {
    // Of each topic once: a broker may have thousands of partitions.
    let shared: ReturnType<typeof topicContextOf> | undefined
    for (const [index, partition] of topic.partitions.entries()) {
      if (!concerns(partition, topic.id, index)) continue
      shared ??= topicContextOf(topic, electionOf(topic, view), view)
      const { topicId, minIsr, election } = shared
      const isr = partition.isr.filter(it => it !== leaving && it !== uncleanShutdown)
      const change = changePartition(
        { image, topicId, index, partition, minIsr, election, isAcceptableLeader },
        { isr, uncleanShutdown })
      if (change !== undefined) entries.push(change.entry)
    }
  }
  return entries
}

/** R 2.5.4: out of every ISR and leadership in the same batch that fences it. */
export function fence (broker: BrokerRegistration, view: View): MetadataEntry[] {
  return [
    ...partitionUpdates(view, { leaving: broker.id }, ({ isr }) => isr.includes(broker.id)),
    brokerChangeEntry(broker, { fenced: FENCE }),
  ]
}

/** R 2.5.5: and it leads at once what had no leader and can have this one. */
export function unfence (broker: BrokerRegistration, view: View): MetadataEntry[] {
  return [
    brokerChangeEntry(broker, { fenced: UNFENCE }),
    ...partitionUpdates(view, { joining: broker.id }, ({ leader }) => leader === NO_LEADER),
  ]
}

/** R 2.5.6. */
export function beginControlledShutdown (broker: BrokerRegistration, view: View): MetadataEntry[] {
  return [
    ...broker.inControlledShutdown
      ? []
      : [brokerChangeEntry(broker, { inControlledShutdown: true })],
    ...partitionUpdates(view, { leaving: broker.id }, ({ isr }) => isr.includes(broker.id)),
  ]
}

/** D23.3: a live broker is not protected. */
export function unregister (broker: BrokerRegistration, view: View): MetadataEntry[] {
  const { id, epoch } = broker
  return [
    ...partitionUpdates(view, { leaving: id },
      ({ isr, elr }) => isr.includes(id) || elr.includes(id)),
    fullEntry(UnregisterBrokerRecord, 0, { brokerId: id, brokerEpoch: epoch }),
  ]
}

/** R 2.4.4: a new process has come; what the old one held is sure only after a clean shutdown. */
export function succeedShutdown (brokerId: number, clean: boolean, view: View): MetadataEntry[] {
  if (view.image.features.elrEnabled && !clean) {
    return partitionUpdates(view, { uncleanShutdown: brokerId },
      ({ isr, elr }) => isr.includes(brokerId) || elr.includes(brokerId))
  }
  return partitionUpdates(view, { leaving: brokerId }, ({ isr }) => isr.includes(brokerId))
}

/** KIP-858: replicas in a directory that is gone leave ISR and leadership. */
export function loseDirectories (
  broker: BrokerRegistration, offline: readonly string[], view: View
): MetadataEntry[] {
  const lost = broker.logDirs.filter(logDir => offline.includes(logDir))
  if (lost.length === 0) return []
  return [
    ...partitionUpdates(view, { leaving: broker.id }, ({ replicas, directories }) =>
      lost.includes(directories[replicas.indexOf(broker.id)] ?? '')),
    brokerChangeEntry(broker, { logDirs: broker.logDirs.filter(logDir => !lost.includes(logDir)) }),
  ]
}

/** KIP-858: the broker has put these replicas where they cannot be used. */
export function loseReplicas (
  broker: BrokerRegistration, isLost: (topicId: string, index: number) => boolean, view: View
): MetadataEntry[] {
  return partitionUpdates(view, { leaving: broker.id },
    (_, topicId, index) => isLost(topicId, index))
}
