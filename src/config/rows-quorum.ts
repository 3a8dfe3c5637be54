/**
 * Kafka 4.4's settings of the quorum, of metrics and of quotas, in the order of its definition
 * (D13.16).
 * A row: name, type, default, allowed values, change mode, whether it is honoured or internal.
 */
import type { Row } from './setting.ts'

export const quorumSettings = [
  ['controller.quorum.voters', 'list', '', 'non-empty list', 'read-only', 'honoured'],
  ['controller.quorum.bootstrap.servers', 'list', '', 'non-empty list', 'read-only', 'honoured'],
  ['controller.quorum.election.timeout.ms', 'int', '1000', '[0,...]', 'read-only', 'honoured'],
  ['controller.quorum.fetch.timeout.ms', 'int', '2000', '[0,...]', 'read-only', 'honoured'],
  ['controller.quorum.election.backoff.max.ms', 'int', '1000', '[0,...]', 'read-only', 'honoured'],
  ['controller.quorum.append.linger.ms', 'int', '25', '[0,...]', 'read-only'],
  ['controller.quorum.request.timeout.ms', 'int', '2000', '[0,...]', 'read-only', 'honoured'],
  ['controller.quorum.retry.backoff.ms', 'int', '20', '[0,...]', 'read-only', 'honoured'],
  ['controller.quorum.auto.join.enable', 'boolean', 'false', '', 'read-only'],
  ['controller.quorum.fetch.snapshot.max.bytes', 'int', '1048576', '[1,...]', 'read-only'],
  ['controller.quorum.fetch.max.bytes', 'int', '1048576', '[1,...]', 'read-only'],
  ['metrics.num.samples', 'int', '2', '[1,...]', 'read-only'],
  ['metrics.sample.window.ms', 'long', '30000', '[1,...]', 'read-only'],
  ['metric.reporters', 'list', 'org.apache.kafka.common.metrics.JmxReporter', '', 'cluster-wide'],
  ['metrics.recording.level', 'string', 'INFO', '', 'read-only'],
  ['kafka.metrics.reporters', 'list', '', '', 'read-only'],
  ['kafka.metrics.polling.interval.secs', 'int', '10', '[1,...]', 'read-only'],
  ['telemetry.max.bytes', 'int', '1048576', '[1,...]', 'read-only', 'honoured'],
  ['quota.window.num', 'int', '11', '[1,...]', 'read-only', 'honoured'],
  ['replication.quota.window.num', 'int', '11', '[1,...]', 'read-only'],
  ['alter.log.dirs.replication.quota.window.num', 'int', '11', '[1,...]', 'read-only'],
  ['controller.quota.window.num', 'int', '11', '[1,...]', 'read-only', 'honoured'],
  ['quota.window.size.seconds', 'int', '1', '[1,...]', 'read-only', 'honoured'],
  ['replication.quota.window.size.seconds', 'int', '1', '[1,...]', 'read-only'],
  ['alter.log.dirs.replication.quota.window.size.seconds', 'int', '1', '[1,...]', 'read-only'],
  ['controller.quota.window.size.seconds', 'int', '1', '[1,...]', 'read-only', 'honoured'],
  ['client.quota.callback.class', 'class', null, '', 'read-only'],
] as const satisfies readonly Row[]
