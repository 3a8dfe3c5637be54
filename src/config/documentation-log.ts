/** What the settings of logs, replicas and topic defaults mean. A sentence each. */

export const logDocumentation: Readonly<Record<string, string>> = {
  'alter.log.dirs.replication.quota.window.num':
    'How many windows of time the quota of moves between log directories is measured over.',
  'alter.log.dirs.replication.quota.window.size.seconds':
    'The length in seconds of each window that the quota of moves between log directories is measured over.',
  'compression.gzip.level':
    'The level of gzip for topics that the broker compresses itself; -1 is gzip\'s own.',
  'compression.lz4.level': 'The level of lz4 for topics that the broker compresses itself.',
  'compression.type':
    'How batches are compressed in the log: with a codec, not at all, or as the producer sent them.',
  'compression.zstd.level': 'The level of zstd for topics that the broker compresses itself.',
  'cordoned.log.dirs': 'Log directories that take no new replicas; * stands for all of them.',
  'delete.records.purgatory.purge.interval.requests':
    'How many DeleteRecords may have ended before their leftovers are cleared away.',
  'delete.topic.enable': 'Whether topics can be deleted.',
  'follower.fetch.last.tiered.offset.enable':
    'Whether a new follower begins behind what tiered storage already has.',
  'log.cleaner.backoff.ms': 'Milliseconds that the cleaner rests when no log needs it.',
  'log.cleaner.dedupe.buffer.size': 'Bytes of memory of all cleaner threads for the map of keys.',
  'log.cleaner.delete.retention.ms': 'Milliseconds that tombstones stay in compacted logs.',
  'log.cleaner.enable': 'Whether logs are compacted at all.',
  'log.cleaner.io.buffer.load.factor': 'How full the cleaner\'s map of keys may become.',
  'log.cleaner.io.buffer.size': 'Bytes of memory of all cleaner threads for reading and writing.',
  'log.cleaner.io.max.bytes.per.second':
    'Bytes a second that the cleaner reads and writes at most.',
  'log.cleaner.max.compaction.lag.ms':
    'Milliseconds after which a record of a compacted log is compacted at the latest.',
  'log.cleaner.min.cleanable.ratio':
    'The share of a log that must be uncompacted before the cleaner takes it up.',
  'log.cleaner.min.compaction.lag.ms': 'Milliseconds that a record stays uncompacted at least.',
  'log.cleaner.threads': 'Threads that compact logs.',
  'log.cleanup.policy': 'What becomes of old segments: they are deleted, compacted, or both.',
  'log.dir': 'The directory of the data, if `log.dirs` names none.',
  'log.dir.failure.timeout.ms':
    'Milliseconds after which a broker stops that cannot tell the controller of a failed log directory.',
  'log.dirs': 'The directories of the data.',
  'log.flush.interval.messages':
    'How many records of a partition may be written before they are synced to the disk.',
  'log.flush.interval.ms': 'Milliseconds that a written record may wait to be synced to the disk.',
  'log.flush.offset.checkpoint.interval.ms':
    'Milliseconds between two notes of how far logs are synced.',
  'log.flush.scheduler.interval.ms':
    'Milliseconds between two looks whether a log has to be synced.',
  'log.flush.start.offset.checkpoint.interval.ms':
    'Milliseconds between two notes of where logs start.',
  'log.index.interval.bytes': 'Bytes of records between two entries of an index.',
  'log.index.size.max.bytes': 'The most bytes of an index.',
  'log.initial.task.delay.ms':
    'Milliseconds after the start before logs are looked after for the first time.',
  'log.local.retention.bytes':
    'Bytes of a tiered partition that are kept here too; -2 as many as in all.',
  'log.local.retention.ms':
    'Milliseconds that segments of tiered partitions are kept here too; -2 as long as in all.',
  'log.message.timestamp.after.max.ms':
    'How far ahead of the broker\'s clock, in milliseconds, a record\'s timestamp may be.',
  'log.message.timestamp.before.max.ms':
    'How far behind the broker\'s clock, in milliseconds, a record\'s timestamp may be.',
  'log.message.timestamp.type':
    'Whether records keep the producer\'s timestamp or get the time of their append.',
  'log.preallocate': 'Whether the file of a new segment has its full size from the beginning.',
  'log.remote.copy.lag.bytes':
    'Bytes of a tiered partition that may not be copied to tiered storage yet; -1 without a limit.',
  'log.remote.copy.lag.ms':
    'Milliseconds before a segment is copied to tiered storage; -1 as late as possible.',
  'log.retention.bytes':
    'Bytes of a partition above which its oldest segments are deleted; -1 never.',
  'log.retention.check.interval.ms': 'Milliseconds between two looks for segments to delete.',
  'log.retention.hours':
    'Hours that segments are kept, if neither minutes nor milliseconds are set.',
  'log.retention.minutes': 'Minutes that segments are kept, if no milliseconds are set.',
  'log.retention.ms': 'Milliseconds that segments are kept; -1 for ever.',
  'log.roll.hours': 'Hours after which a new segment begins, if no milliseconds are set.',
  'log.roll.jitter.hours':
    'The most hours taken at random from the time to the next segment, if no milliseconds are set.',
  'log.roll.jitter.ms': 'The most milliseconds taken at random from the time to the next segment.',
  'log.roll.ms': 'Milliseconds after which a new segment begins.',
  'log.segment.bytes': 'The most bytes of a segment.',
  'log.segment.delete.delay.ms': 'Milliseconds before the files of a deleted segment are removed.',
  'max.decompressed.message.bytes':
    'The most bytes of a compressed batch\'s records once they are decompressed.',
  'message.max.bytes': 'The most bytes of a batch, compressed if it is.',
  'min.insync.replicas': 'How many replicas must be in sync for a write with acks=all.',
  'num.partitions': 'The number of partitions of topics that are made without naming one.',
  'num.recovery.threads.per.data.dir':
    'Threads of each directory that load and sync logs at start and stop.',
  'num.replica.alter.log.dirs.threads': 'Threads that move replicas between log directories.',
  'num.replica.fetchers': 'Threads that replicate from each other broker.',
  'remote.fetch.max.wait.ms': 'Milliseconds that a fetch waits for tiered storage.',
  'remote.list.offsets.request.timeout.ms':
    'Milliseconds that ListOffsets waits for tiered storage.',
  'remote.log.index.file.cache.total.size.bytes':
    'Bytes of indexes of tiered segments that are kept here.',
  'remote.log.index.file.cache.ttl.ms':
    'Milliseconds that an unused index of a tiered segment is kept here.',
  'remote.log.manager.copier.thread.pool.size': 'Threads that copy segments to tiered storage.',
  'remote.log.manager.copy.max.bytes.per.second':
    'Bytes a second that are copied to tiered storage at most.',
  'remote.log.manager.copy.quota.window.num':
    'How many windows of time the quota of copies to tiered storage is measured over.',
  'remote.log.manager.copy.quota.window.size.seconds':
    'The length in seconds of each window that the quota of copies to tiered storage is measured over.',
  'remote.log.manager.expiration.thread.pool.size':
    'Threads that delete expired segments of tiered storage.',
  'remote.log.manager.fetch.max.bytes.per.second':
    'Bytes a second that are fetched from tiered storage at most.',
  'remote.log.manager.fetch.quota.window.num':
    'How many windows of time the quota of fetches from tiered storage is measured over.',
  'remote.log.manager.fetch.quota.window.size.seconds':
    'The length in seconds of each window that the quota of fetches from tiered storage is measured over.',
  'remote.log.manager.follower.thread.pool.size':
    'Threads that follow the tiered part of partitions led elsewhere.',
  'remote.log.manager.task.interval.ms':
    'Milliseconds between two rounds of copying and deleting in tiered storage.',
  'remote.log.manager.task.retry.backoff.max.ms':
    'The longest wait, in milliseconds, before failed work in tiered storage is tried again.',
  'remote.log.manager.task.retry.backoff.ms':
    'The first wait, in milliseconds, before failed work in tiered storage is tried again.',
  'remote.log.manager.task.retry.jitter': 'The share of that wait that is random.',
  'remote.log.manager.thread.pool.size':
    'Threads that look after tiered storage, where no pool of its own is set.',
  'remote.log.metadata.custom.metadata.max.bytes':
    'The most bytes that a plug-in of tiered storage may keep for a segment.',
  'remote.log.metadata.manager.class.name': 'The class that keeps the metadata of tiered segments.',
  'remote.log.metadata.manager.class.path':
    'Where the class that keeps the metadata of tiered segments is loaded from.',
  'remote.log.metadata.manager.impl.prefix':
    'What the settings for the metadata of tiered segments begin with.',
  'remote.log.metadata.manager.listener.name':
    'The listener by which the metadata of tiered segments is reached.',
  'remote.log.reader.max.pending.tasks': 'Reads of tiered storage that may wait.',
  'remote.log.reader.threads': 'Threads that read from tiered storage.',
  'remote.log.storage.manager.class.name': 'The class that stores tiered segments.',
  'remote.log.storage.manager.class.path':
    'Where the class that stores tiered segments is loaded from.',
  'remote.log.storage.manager.impl.prefix':
    'What the settings for the store of tiered segments begin with.',
  'remote.log.storage.system.enable': 'Whether tiered storage is on in this broker.',
  'replica.fetch.backoff.ms': 'Milliseconds before a follower fetches again after an error.',
  'replica.fetch.max.bytes': 'Bytes of one partition that a follower fetches at once.',
  'replica.fetch.min.bytes': 'Bytes that a follower\'s fetch waits for.',
  'replica.fetch.response.max.bytes': 'Bytes of all partitions that a follower fetches at once.',
  'replica.fetch.wait.max.ms': 'Milliseconds that a follower\'s fetch waits at most.',
  'replica.high.watermark.checkpoint.interval.ms':
    'Milliseconds between two notes of high watermarks.',
  'replica.lag.time.max.ms': 'Milliseconds that a follower may be behind before it leaves the ISR.',
  'replica.selector.class': 'A class that decides which replica a consumer reads from.',
  'replica.socket.receive.buffer.bytes': 'The size of a follower\'s receive buffer.',
  'replica.socket.timeout.ms': 'Milliseconds after which a follower\'s request counts as lost.',
  'replication.quota.window.num':
    'How many windows of time the quota of replication is measured over.',
  'replication.quota.window.size.seconds':
    'The length in seconds of each window that the quota of replication is measured over.',
  'unclean.leader.election.enable':
    'Whether a replica that is not in sync may lead when no other is left, losing records.',
  'unclean.leader.election.interval.ms':
    'Milliseconds between two looks for partitions that need an unclean leader.',
}
