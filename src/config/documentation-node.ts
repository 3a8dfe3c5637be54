/**
 * What the settings of the node mean, and those of the broker that only exist at run time. A
 * sentence each.
 */

export const nodeDocumentation: Readonly<Record<string, string>> = {
  'advertised.listeners':
    'The addresses that clients are told to connect to, if they differ from those in `listeners`.',
  'alter.config.policy.class.name': 'A class that may refuse changes of configuration.',
  'auto.create.topics.enable': 'Whether a topic is made when a client first names it.',
  'auto.leader.rebalance.enable': 'Whether leadership goes back to preferred replicas by itself.',
  'background.threads': 'Threads for periodic work such as retention.',
  'broker.heartbeat.interval.ms':
    'Milliseconds between two heartbeats of this broker to the controller.',
  'broker.id': 'The former name of `node.id`; if given, both must be equal.',
  'broker.rack': 'The rack of this broker, over which replicas of a partition are spread.',
  'broker.session.timeout.ms':
    'Milliseconds without a heartbeat after which the controller fences a broker.',
  'client.quota.callback.class': 'A class that decides the quotas of clients.',
  'config.providers': 'Names of the providers that resolve variables in this configuration.',
  'connections.max.idle.ms': 'Milliseconds without traffic after which a connection is closed.',
  'controlled.shutdown.enable': 'Whether the broker gives up its leaderships before it stops.',
  'controller.listener.names':
    'The listeners that belong to the controllers; clients are never told of them.',
  'controller.performance.always.log.threshold.ms':
    'Events of the controller that take so many milliseconds are always logged.',
  'controller.performance.sample.period.ms':
    'Milliseconds between two entries in the log about the speed of the controller.',
  'controller.quorum.append.linger.ms':
    'Milliseconds that the leader of the quorum gathers records before it writes them.',
  'controller.quorum.auto.join.enable':
    'Whether a controller that is no voter adds itself to the voters.',
  'controller.quorum.bootstrap.servers':
    'Addresses at which the quorum of controllers is first looked for.',
  'controller.quorum.election.backoff.max.ms':
    'The longest wait, in milliseconds, before a candidate that was not elected stands again.',
  'controller.quorum.election.timeout.ms':
    'Milliseconds to wait for an election to be decided before another begins.',
  'controller.quorum.fetch.max.bytes':
    'The most bytes of metadata records that a replica of the metadata log fetches at once.',
  'controller.quorum.fetch.snapshot.max.bytes':
    'The most bytes of a metadata snapshot that are fetched at once.',
  'controller.quorum.fetch.timeout.ms':
    'Milliseconds without a successful fetch after which a voter stands for election, or a leader ' +
    'without its majority resigns.',
  'controller.quorum.request.timeout.ms':
    'Milliseconds that a member of the quorum waits for the answer to a request.',
  'controller.quorum.retry.backoff.ms':
    'Milliseconds before a failed request to the quorum is sent again.',
  'controller.quorum.voters': 'The voters of a quorum with fixed membership, each as id@host:port.',
  'controller.quota.window.num':
    'How many windows of time the quotas of controller mutations are measured over.',
  'controller.quota.window.size.seconds':
    'The length in seconds of each window that quotas of controller mutations are measured over.',
  'controller.socket.timeout.ms':
    'Milliseconds after which a request to the controller counts as lost.',
  'create.topic.policy.class.name': 'A class that may refuse new topics.',
  'default.replication.factor':
    'The number of replicas of topics that are made without naming one.',
  'early.start.listeners': 'Listeners that are opened before the authorizer is ready.',
  'fetch.max.bytes': 'The most bytes that one fetch request is answered with.',
  'fetch.purgatory.purge.interval.requests':
    'How many fetches may have ended before their leftovers are cleared away.',
  'initial.broker.registration.timeout.ms':
    'Milliseconds that a broker tries to register at its start before it gives up.',
  'inter.broker.listener.name': 'The listener by which brokers reach each other.',
  'internal.metadata.delete.delay.millis':
    'Milliseconds before old segments of the metadata log are removed from the disk.',
  'internal.metadata.log.segment.bytes':
    'The size at which the metadata log begins a new segment, for tests.',
  'internal.metadata.max.batch.size.in.bytes': 'The most bytes of one batch of the metadata log.',
  'kafka.metrics.polling.interval.secs': 'Seconds between two looks of the metrics reporters.',
  'kafka.metrics.reporters': 'Classes that report metrics of the older kind.',
  'leader.imbalance.check.interval.seconds':
    'Seconds between two looks whether leaderships have to go back to preferred replicas.',
  'listener.security.protocol.map': 'Which security protocol each listener speaks.',
  listeners: 'The addresses that this node listens on, each as NAME://host:port.',
  'max.connection.creation.rate': 'The most connections that the broker takes in a second.',
  'max.connections': 'The most connections that the broker, or a listener, has at once.',
  'max.connections.per.ip': 'The most connections that one address has at once.',
  'max.connections.per.ip.overrides': 'Addresses with limits of their own, each as host:count.',
  'max.incremental.fetch.session.cache.slots': 'The most incremental fetch sessions that are kept.',
  'max.request.partition.size.limit':
    'The most partitions that one answer to DescribeTopicPartitions holds.',
  'metadata.log.dir':
    'The directory of the metadata log; without it, the first of the log directories.',
  'metadata.log.max.record.bytes.between.snapshots':
    'Bytes of new metadata records after which a snapshot is taken.',
  'metadata.log.max.snapshot.interval.ms':
    'Milliseconds after which a snapshot of changed metadata is taken at the latest.',
  'metadata.log.segment.bytes': 'The size at which the metadata log begins a new segment.',
  'metadata.log.segment.ms': 'Milliseconds after which the metadata log begins a new segment.',
  'metadata.max.idle.interval.ms':
    'Milliseconds between two empty records that keep the metadata log moving.',
  'metadata.max.retention.bytes':
    'The size of metadata log and snapshots together above which the oldest go.',
  'metadata.max.retention.ms': 'Milliseconds that metadata segments and snapshots are kept.',
  'metric.reporters': 'Classes that report metrics.',
  'metrics.num.samples': 'How many samples a metric is computed from.',
  'metrics.recording.level': 'The least level of the metrics that are recorded.',
  'metrics.sample.window.ms': 'Milliseconds that each sample of a metric covers.',
  'node.id': 'The id of this node, different for each node of the cluster.',
  'num.io.threads': 'Threads that process requests.',
  'num.network.threads': 'Threads of each listener that read requests and write answers.',
  'process.roles': 'What this node is: broker, controller, or both.',
  'producer.purgatory.purge.interval.requests':
    'How many produce requests may have ended before their leftovers are cleared away.',
  'queued.max.request.bytes':
    'Bytes of requests that may wait before no more are read; -1 without a limit.',
  'queued.max.requests': 'Requests that may wait before no more are read.',
  'quota.window.num': 'How many windows of time the quotas of clients are measured over.',
  'quota.window.size.seconds':
    'The length in seconds of each window that quotas of clients are measured over.',
  'request.timeout.ms':
    'Milliseconds after which a request of this node to another one counts as lost.',
  'server.max.startup.time.ms': 'Milliseconds that the node may take to start.',
  'socket.connection.setup.timeout.max.ms':
    'The longest that this node waits, in milliseconds, for a connection to be set up after several failures.',
  'socket.connection.setup.timeout.ms':
    'Milliseconds that this node waits for a connection to be set up.',
  'socket.listen.backlog.size': 'How many connections may wait to be taken.',
  'socket.receive.buffer.bytes':
    'The size of the receive buffer of server sockets; -1 leaves it to the system.',
  'socket.request.max.bytes': 'The most bytes of one request; larger ones close the connection.',
  'socket.send.buffer.bytes':
    'The size of the send buffer of server sockets; -1 leaves it to the system.',
  'telemetry.max.bytes': 'The most bytes of metrics that a client may push at once.',
  'unstable.api.versions.enable':
    'Whether versions of APIs that are still in the making are served.',
  'unstable.feature.versions.enable':
    'Whether feature levels that are still in the making may be used.',
  'super.users': 'Users who may do everything, separated by semicolons.',
  'allow.everyone.if.no.acl.found': 'Whether everybody may use a resource that no ACL speaks of.',
  'ottla.queued.max.response.bytes':
    'Bytes of answers in memory that clients have not taken yet: past it no request begins.',
  'ottla.strict': 'Whether ottla gives up its deliberate differences from Apache Kafka.',
  'ottla.sync.timeout.ms':
    'Milliseconds after which a sync of the data counts as failed, and the broker stops.',
  'follower.replication.throttled.rate':
    'Bytes a second that this broker replicates as a follower of throttled replicas.',
  'leader.replication.throttled.rate':
    'Bytes a second that this broker sends as the leader of throttled replicas.',
  'replica.alter.log.dirs.io.max.bytes.per.second':
    'Bytes a second that replicas are moved with between log directories.',
}
