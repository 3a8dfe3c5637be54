/**
 * Kafka 4.4's settings of groups, client metrics and quotas, and the broker's that exist at run
 * time only, in the order of its definition (D13.16).
 * A row: name, type, default, allowed values, change mode, whether it is honoured or internal.
 */
import type { Row } from './setting.ts'

export const dynamicOnlySettings = [
  ['leader.replication.throttled.rate', 'long', '9223372036854775807', '[0,...]', 'cluster-wide'],
  ['follower.replication.throttled.rate', 'long', '9223372036854775807', '[0,...]', 'cluster-wide'],
  ['replica.alter.log.dirs.io.max.bytes.per.second', 'long', '9223372036854775807', '[0,...]',
    'cluster-wide'],
] as const satisfies readonly Row[]

export const groupSettings = [
  ['consumer.session.timeout.ms', 'int', '45000', '[1,...]', 'per-group'],
  ['consumer.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'per-group'],
  ['consumer.assignment.interval.ms', 'int', '1000', '[0,...]', 'per-group'],
  ['consumer.assignor.offload.enable', 'boolean', 'true', '', 'per-group', 'internal'],
  ['share.session.timeout.ms', 'int', '45000', '[1,...]', 'per-group'],
  ['share.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'per-group'],
  ['share.record.lock.duration.ms', 'int', '30000', '[1000,...]', 'per-group'],
  ['share.delivery.count.limit', 'int', '5', '[2,...]', 'per-group'],
  ['share.partition.max.record.locks', 'int', '2000', '[100,...]', 'per-group'],
  ['share.auto.offset.reset', 'string', 'latest', '[latest, earliest, by_duration:PnDTnHnMn.nS]',
    'per-group'],
  ['share.isolation.level', 'string', 'read_uncommitted', '[read_committed, read_uncommitted]',
    'per-group'],
  ['share.renew.acknowledge.enable', 'boolean', 'true', '', 'per-group'],
  ['share.assignment.interval.ms', 'int', '1000', '[0,...]', 'per-group'],
  ['share.assignor.offload.enable', 'boolean', 'true', '', 'per-group', 'internal'],
  ['errors.deadletterqueue.topic.name', 'string', '', '', 'per-group'],
  ['errors.deadletterqueue.copy.record.enable', 'boolean', 'false', '', 'per-group'],
  ['streams.session.timeout.ms', 'int', '45000', '[1,...]', 'per-group'],
  ['streams.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'per-group'],
  ['streams.assignor.name', 'string', null, '', 'per-group'],
  ['streams.num.standby.replicas', 'int', '0', '[0,...]', 'per-group'],
  ['streams.num.warmup.replicas', 'int', '2', '[0,...]', 'per-group', 'internal'],
  ['streams.initial.rebalance.delay.ms', 'int', '3000', '[0,...]', 'per-group'],
  ['streams.acceptable.recovery.lag', 'long', '10000', '[0,...]', 'per-group', 'internal'],
  ['streams.task.offset.interval.ms', 'int', '60000', '[1,...]', 'per-group', 'internal'],
  ['streams.rack.aware.assignment.tags', 'list', '', '', 'per-group'],
  ['streams.assignment.interval.ms', 'int', '1000', '[0,...]', 'per-group'],
  ['streams.assignor.offload.enable', 'boolean', 'true', '', 'per-group', 'internal'],
] as const satisfies readonly Row[]

export const clientMetricsSettings = [
  ['metrics', 'list', '', '', 'per-subscription', 'honoured'],
  ['interval.ms', 'int', '300000', '', 'per-subscription', 'honoured'],
  ['match', 'list', '', '', 'per-subscription', 'honoured'],
] as const satisfies readonly Row[]

export const clientQuotaSettings = [
  ['consumer_byte_rate', 'long', '9223372036854775807', '', 'per-entity', 'honoured'],
  ['controller_mutation_rate', 'double', '2.147483647E9', '', 'per-entity', 'honoured'],
  ['producer_byte_rate', 'long', '9223372036854775807', '', 'per-entity', 'honoured'],
  ['request_percentage', 'double', '2.147483647E9', '', 'per-entity', 'honoured'],
] as const satisfies readonly Row[]

export const ipQuotaSettings = [
  ['connection_creation_rate', 'int', '2147483647', '[0,...]', 'per-entity', 'honoured'],
] as const satisfies readonly Row[]
