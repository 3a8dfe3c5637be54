/** What the settings of topics, groups and client metrics mean. A sentence each. */

export const topicDocumentation: Readonly<Record<string, string>> = {
  'cleanup.policy':
    'What becomes of old segments: they are deleted, compacted, both, or neither if empty.',
  'compression.gzip.level':
    'The level of gzip if the broker compresses this topic itself; -1 is gzip\'s own.',
  'compression.lz4.level': 'The level of lz4 if the broker compresses this topic itself.',
  'compression.type':
    'How batches are compressed in the log: with a codec, not at all, or as the producer sent them.',
  'compression.zstd.level': 'The level of zstd if the broker compresses this topic itself.',
  'delete.retention.ms': 'Milliseconds that tombstones stay in this topic once it is compacted.',
  'errors.deadletterqueue.group.enable':
    'Whether share groups may use this topic for records that they could not process.',
  'file.delete.delay.ms': 'Milliseconds before the files of a deleted segment are removed.',
  'flush.messages':
    'How many records of a partition may be written before they are synced to the disk; 1 ' +
    'acknowledges only what is synced.',
  'flush.ms': 'Milliseconds that a written record may wait to be synced to the disk.',
  'follower.replication.throttled.replicas':
    'Replicas, each as partition:broker, whose followers are throttled; * stands for all.',
  'index.interval.bytes': 'Bytes of records between two entries of an index.',
  'internal.segment.bytes': 'The most bytes of a segment, below the usual least, for tests.',
  'leader.replication.throttled.replicas':
    'Replicas, each as partition:broker, whose leaders are throttled; * stands for all.',
  'local.retention.bytes':
    'Bytes of a tiered partition that are kept on brokers too; -2 as many as in all.',
  'local.retention.ms':
    'Milliseconds that tiered segments are kept on brokers too; -2 as long as in all.',
  'max.compaction.lag.ms': 'Milliseconds after which a record is compacted at the latest.',
  'max.decompressed.message.bytes':
    'The most bytes of a compressed batch\'s records once they are decompressed.',
  'max.message.bytes': 'The most bytes of a batch, compressed if it is.',
  'message.timestamp.after.max.ms':
    'How far ahead of the broker\'s clock, in milliseconds, a record\'s timestamp may be.',
  'message.timestamp.before.max.ms':
    'How far behind the broker\'s clock, in milliseconds, a record\'s timestamp may be.',
  'message.timestamp.type':
    'Whether records keep the producer\'s timestamp or get the time of their append.',
  'min.cleanable.dirty.ratio':
    'The share of a partition that must be uncompacted before it is compacted.',
  'min.compaction.lag.ms': 'Milliseconds that a record stays uncompacted at least.',
  'min.insync.replicas': 'How many replicas must be in sync for a write with acks=all.',
  preallocate: 'Whether the file of a new segment has its full size from the beginning.',
  'remote.copy.lag.bytes':
    'Bytes of a partition that may not be copied to tiered storage yet; -1 without a limit.',
  'remote.copy.lag.ms':
    'Milliseconds before a segment is copied to tiered storage; -1 as late as possible.',
  'remote.log.copy.disable':
    'Whether nothing more is copied to tiered storage, while what is there stays readable.',
  'remote.log.delete.on.disable':
    'Whether tiered data is deleted when tiered storage is turned off for this topic.',
  'remote.storage.enable': 'Whether this topic uses tiered storage.',
  'retention.bytes': 'Bytes of a partition above which its oldest segments are deleted; -1 never.',
  'retention.ms': 'Milliseconds that segments are kept; -1 for ever.',
  'segment.bytes': 'The most bytes of a segment; retention and compaction work on whole segments.',
  'segment.index.bytes': 'The most bytes of an index.',
  'segment.jitter.ms': 'The most milliseconds taken at random from the time to the next segment.',
  'segment.ms': 'Milliseconds after which a new segment begins.',
  'unclean.leader.election.enable':
    'Whether a replica that is not in sync may lead when no other is left, losing records.',
}

export const groupDocumentation: Readonly<Record<string, string>> = {
  'consumer.assignment.interval.ms': 'Milliseconds between two assignments of this consumer group.',
  'consumer.assignor.offload.enable':
    'Whether assignments of this consumer group are computed beside the coordinator\'s thread.',
  'consumer.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of this consumer group.',
  'consumer.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of this consumer group is removed.',
  'errors.deadletterqueue.copy.record.enable':
    'Whether records that this share group could not process are copied whole.',
  'errors.deadletterqueue.topic.name':
    'The topic for records that this share group could not process; empty without one.',
  'share.assignment.interval.ms': 'Milliseconds between two assignments of this share group.',
  'share.assignor.offload.enable':
    'Whether assignments of this share group are computed beside the coordinator\'s thread.',
  'share.auto.offset.reset':
    'Where this share group starts in a partition: latest, earliest, or by_duration and a duration.',
  'share.delivery.count.limit': 'How often a record is delivered to this share group at most.',
  'share.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of this share group.',
  'share.isolation.level':
    'Whether this share group sees records of open and aborted transactions.',
  'share.partition.max.record.locks':
    'The most records of a partition that this share group has locked at once.',
  'share.record.lock.duration.ms':
    'Milliseconds that a record stays locked for the member of this share group that fetched it.',
  'share.renew.acknowledge.enable': 'Whether members of this share group may prolong their locks.',
  'share.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of this share group is removed.',
  'streams.acceptable.recovery.lag':
    'How many records behind a task of this streams group counts as caught up.',
  'streams.assignment.interval.ms': 'Milliseconds between two assignments of this streams group.',
  'streams.assignor.name': 'The assignor of this streams group.',
  'streams.assignor.offload.enable':
    'Whether assignments of this streams group are computed beside the coordinator\'s thread.',
  'streams.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of this streams group.',
  'streams.initial.rebalance.delay.ms':
    'Milliseconds that this streams group, while empty, waits for more members before its first assignment.',
  'streams.num.standby.replicas': 'Standby replicas of each task of this streams group.',
  'streams.num.warmup.replicas': 'Warm-up replicas that this streams group may have at once.',
  'streams.rack.aware.assignment.tags':
    'Tags of clients over which standby replicas of this streams group are spread.',
  'streams.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of this streams group is removed.',
  'streams.task.offset.interval.ms':
    'Milliseconds between two reports of task offsets by members of this streams group.',
}

export const clientMetricsDocumentation: Readonly<Record<string, string>> = {
  'interval.ms': 'Milliseconds between two pushes of metrics by the clients of this subscription.',
  match: 'Which clients this subscription is for, as name=pattern; without any, all clients.',
  metrics:
    'What the names of the metrics of this subscription begin with; * stands for all, nothing for none.',
}
