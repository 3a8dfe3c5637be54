/** What the settings of the coordinators and their topics mean. A sentence each. */

export const coordinatorDocumentation: Readonly<Record<string, string>> = {
  'add.partitions.to.txn.retry.backoff.max.ms':
    'The longest wait, in milliseconds, before partitions are again added to a transaction that is still ending.',
  'add.partitions.to.txn.retry.backoff.ms':
    'The first wait, in milliseconds, before partitions are again added to a transaction that is still ending.',
  'errors.deadletterqueue.auto.create.topics.enable':
    'Whether the topics for records that share groups could not process are made by themselves.',
  'errors.deadletterqueue.topic.name.prefix':
    'What the names of topics for records that share groups could not process begin with.',
  'group.consumer.assignment.interval.ms':
    'Milliseconds between two assignments of a consumer group.',
  'group.consumer.assignor.offload.enable':
    'Whether assignments of consumer groups are computed beside the coordinator\'s thread.',
  'group.consumer.assignors': 'The assignors of consumer groups; the first is the default.',
  'group.consumer.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of a consumer group.',
  'group.consumer.max.assignment.interval.ms':
    'The most that a consumer group may set as its assignment interval.',
  'group.consumer.max.heartbeat.interval.ms':
    'The most that a consumer group may set as its heartbeat interval.',
  'group.consumer.max.session.timeout.ms':
    'The most that a consumer group may set as its session timeout.',
  'group.consumer.max.size': 'The most members of a consumer group.',
  'group.consumer.migration.policy':
    'Whether groups may move between the classic and the consumer protocol, and in which direction.',
  'group.consumer.min.assignment.interval.ms':
    'The least that a consumer group may set as its assignment interval.',
  'group.consumer.min.heartbeat.interval.ms':
    'The least that a consumer group may set as its heartbeat interval.',
  'group.consumer.min.session.timeout.ms':
    'The least that a consumer group may set as its session timeout.',
  'group.consumer.regex.refresh.interval.ms':
    'Milliseconds after which subscriptions by pattern are looked up again.',
  'group.consumer.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of a consumer group is removed.',
  'group.coordinator.append.linger.ms':
    'Milliseconds that the group coordinator gathers records before it writes them; -1 as long as ' +
    'requests are waiting.',
  'group.coordinator.background.threads':
    'Threads for the group coordinator\'s work in the background.',
  'group.coordinator.cached.buffer.max.bytes':
    'The largest buffer that the group coordinator keeps to use again.',
  'group.coordinator.rebalance.protocols': 'The protocols of groups that are served.',
  'group.coordinator.threads': 'Threads of the group coordinator.',
  'group.initial.rebalance.delay.ms':
    'Milliseconds that an empty classic group waits for more members before its first rebalance.',
  'group.max.session.timeout.ms':
    'The longest session timeout that a member of a classic group may ask for.',
  'group.max.size': 'The most members of a classic group.',
  'group.min.session.timeout.ms':
    'The shortest session timeout that a member of a classic group may ask for.',
  'group.share.assignment.interval.ms': 'Milliseconds between two assignments of a share group.',
  'group.share.assignor.offload.enable':
    'Whether assignments of share groups are computed beside the coordinator\'s thread.',
  'group.share.assignors': 'The assignors of share groups.',
  'group.share.delivery.count.limit': 'How often a record is delivered to a share group at most.',
  'group.share.dlq.manager.class.name':
    'The class that keeps the records that share groups could not process.',
  'group.share.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of a share group.',
  'group.share.initialize.retry.interval.ms':
    'Milliseconds before the state of a share group is initialized again after a failure.',
  'group.share.max.assignment.interval.ms':
    'The most that a share group may set as its assignment interval.',
  'group.share.max.delivery.count.limit':
    'The most that a share group may set as its delivery count limit.',
  'group.share.max.heartbeat.interval.ms':
    'The most that a share group may set as its heartbeat interval.',
  'group.share.max.partition.max.record.locks':
    'The most that a share group may set as its limit of locked records.',
  'group.share.max.record.lock.duration.ms':
    'The most that a share group may set as the duration of its record locks.',
  'group.share.max.session.timeout.ms':
    'The most that a share group may set as its session timeout.',
  'group.share.max.share.sessions': 'The most share sessions of a broker.',
  'group.share.max.size': 'The most members of a share group.',
  'group.share.min.assignment.interval.ms':
    'The least that a share group may set as its assignment interval.',
  'group.share.min.delivery.count.limit':
    'The least that a share group may set as its delivery count limit.',
  'group.share.min.heartbeat.interval.ms':
    'The least that a share group may set as its heartbeat interval.',
  'group.share.min.partition.max.record.locks':
    'The least that a share group may set as its limit of locked records.',
  'group.share.min.record.lock.duration.ms':
    'The least that a share group may set as the duration of its record locks.',
  'group.share.min.session.timeout.ms':
    'The least that a share group may set as its session timeout.',
  'group.share.partition.max.record.locks':
    'The most records of a partition that a share group has locked at once.',
  'group.share.persister.class.name': 'The class that keeps the state of share groups.',
  'group.share.record.lock.duration.ms':
    'Milliseconds that a record stays locked for the member of a share group that fetched it.',
  'group.share.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of a share group is removed.',
  'group.streams.acceptable.recovery.lag':
    'How many records behind a task of a streams group counts as caught up.',
  'group.streams.assignment.interval.ms':
    'Milliseconds between two assignments of a streams group.',
  'group.streams.assignor.offload.enable':
    'Whether assignments of streams groups are computed beside the coordinator\'s thread.',
  'group.streams.assignors': 'The assignors of streams groups; the first is the default.',
  'group.streams.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of a member of a streams group.',
  'group.streams.initial.rebalance.delay.ms':
    'Milliseconds that an empty streams group waits for more members before its first assignment.',
  'group.streams.max.assignment.interval.ms':
    'The most that a streams group may set as its assignment interval.',
  'group.streams.max.heartbeat.interval.ms':
    'The most that a streams group may set as its heartbeat interval.',
  'group.streams.max.session.timeout.ms':
    'The most that a streams group may set as its session timeout.',
  'group.streams.max.size': 'The most members of a streams group.',
  'group.streams.max.standby.replicas': 'The most standby replicas that a streams group may set.',
  'group.streams.max.warmup.replicas': 'The most warm-up replicas that a streams group may set.',
  'group.streams.min.assignment.interval.ms':
    'The least that a streams group may set as its assignment interval.',
  'group.streams.min.heartbeat.interval.ms':
    'The least that a streams group may set as its heartbeat interval.',
  'group.streams.min.session.timeout.ms':
    'The least that a streams group may set as its session timeout.',
  'group.streams.min.task.offset.interval.ms':
    'The least that a streams group may set as its task offset interval.',
  'group.streams.num.standby.replicas': 'Standby replicas of each task of a streams group.',
  'group.streams.num.warmup.replicas': 'Warm-up replicas that a streams group may have at once.',
  'group.streams.rack.aware.assignment.tags':
    'Tags of clients over which standby replicas are spread.',
  'group.streams.session.timeout.ms':
    'Milliseconds without a heartbeat after which a member of a streams group is removed.',
  'group.streams.task.offset.interval.ms':
    'Milliseconds between two reports of task offsets by members of a streams group.',
  'group.streams.topology.description.plugin.class':
    'A class that keeps the descriptions of streams topologies.',
  'offset.metadata.max.bytes': 'The longest text that may be stored with a committed offset.',
  'offsets.commit.timeout.ms': 'Milliseconds that a commit of offsets waits to be replicated.',
  'offsets.load.buffer.size':
    'Bytes of the offsets topic that are read at once when a coordinator loads groups.',
  'offsets.retention.check.interval.ms': 'Milliseconds between two looks for expired offsets.',
  'offsets.retention.minutes':
    'Minutes that committed offsets are kept after their group has become empty.',
  'offsets.topic.compression.codec': 'The codec of the offsets topic, by its number.',
  'offsets.topic.num.partitions':
    'The number of partitions of the offsets topic, set when it is made.',
  'offsets.topic.replication.factor':
    'The number of replicas of the offsets topic, set when it is made.',
  'offsets.topic.segment.bytes':
    'The most bytes of a segment of the offsets topic, set when it is made.',
  'producer.id.expiration.check.interval.ms':
    'Milliseconds between two looks for producers that are gone.',
  'producer.id.expiration.ms':
    'Milliseconds that the state of an idempotent producer is kept after its last record.',
  'share.coordinator.append.linger.ms':
    'Milliseconds that the share coordinator gathers records before it writes them; -1 as long as ' +
    'requests are waiting.',
  'share.coordinator.cached.buffer.max.bytes':
    'The largest buffer that the share coordinator keeps to use again.',
  'share.coordinator.cold.partition.snapshot.interval.ms':
    'Milliseconds after which the state of an idle partition of a share group is written anew.',
  'share.coordinator.load.buffer.size':
    'Bytes of the share state topic that are read at once when a coordinator loads.',
  'share.coordinator.snapshot.update.records.per.snapshot':
    'How many updates of a share partition\'s state are written before a whole one.',
  'share.coordinator.state.topic.compression.codec':
    'The codec of the share state topic, by its number.',
  'share.coordinator.state.topic.min.isr':
    'The in-sync replicas that the share state topic needs, set when it is made.',
  'share.coordinator.state.topic.num.partitions':
    'The number of partitions of the share state topic, set when it is made.',
  'share.coordinator.state.topic.prune.interval.ms':
    'Milliseconds between two prunings of the share state topic.',
  'share.coordinator.state.topic.replication.factor':
    'The number of replicas of the share state topic, set when it is made.',
  'share.coordinator.state.topic.segment.bytes':
    'The most bytes of a segment of the share state topic, set when it is made.',
  'share.coordinator.threads': 'Threads of the share coordinator.',
  'share.coordinator.write.timeout.ms':
    'Milliseconds that a write of the share coordinator waits to be replicated.',
  'share.fetch.purgatory.purge.interval.requests':
    'How many share fetches may have ended before their leftovers are cleared away.',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms':
    'Milliseconds between two looks for transactions that have taken too long.',
  'transaction.max.timeout.ms': 'The longest timeout that a transaction may ask for.',
  'transaction.partition.verification.enable':
    'Whether a partition checks that a transaction is under way before it takes its records.',
  'transaction.remove.expired.transaction.cleanup.interval.ms':
    'Milliseconds between two looks for expired transactional ids.',
  'transaction.state.log.load.buffer.size':
    'Bytes of the transactions topic that are read at once when a coordinator loads.',
  'transaction.state.log.min.isr':
    'The in-sync replicas that the transactions topic needs, set when it is made.',
  'transaction.state.log.num.partitions':
    'The number of partitions of the transactions topic, set when it is made.',
  'transaction.state.log.replication.factor':
    'The number of replicas of the transactions topic, set when it is made.',
  'transaction.state.log.segment.bytes':
    'The most bytes of a segment of the transactions topic, set when it is made.',
  'transaction.two.phase.commit.enable':
    'Whether clients may prepare transactions for a coordinator outside.',
  'transactional.id.expiration.ms': 'Milliseconds that an unused transactional id is kept.',
}
