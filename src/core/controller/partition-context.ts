/**
 * A partition of the image as the decisions that change it find it, ready for `changePartition`.
 */
import type { MetadataImage } from '../metadata/image.ts'
import type { Topic } from '../metadata/facts.ts'
import { mayElectUnclean, minIsrOf } from './config-rules.ts'
import type { ControllerSettings } from './decision.ts'
import type { Election, PartitionContext } from './partition-change.ts'

interface View { readonly image: MetadataImage, readonly settings: ControllerSettings }

/** Any active broker may lead it; `index` is one of the topic's. */
export function contextOf (
  topic: Topic, index: number, election: Election, view: View
): PartitionContext {
  return { ...topicContextOf(topic, election, view), index, partition: topic.partitions[index]! }
}

/** What the partitions of a topic have in common. */
export function topicContextOf (
  topic: Topic, election: Election, view: View
): Omit<PartitionContext, 'index' | 'partition'> {
  const { image } = view
  return {
    image,
    topicId: topic.id,
    minIsr: minIsrOf(topic.name, topic.partitions[0]?.replicas.length ?? 1, view),
    election,
    isAcceptableLeader: id => image.brokers.isActive(id),
  }
}

/** R 2.4.1: what keeps a partition of this topic online. */
export function electionOf (topic: Topic, view: View): Election {
  return mayElectUnclean(topic.name, view) ? 'unclean' : 'online'
}
