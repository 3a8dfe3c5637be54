/** Runs the command-line tools of an Apache Kafka that is on the machine, by their classes. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../support/program.ts'
import type { ProgramResult } from '../../support/program.ts'

/** A tool is a JVM of its own: small, and quick to start rather than to run. */
const JAVA = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

const CLASSES = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  consumerGroups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  groups: 'org.apache.kafka.tools.GroupsCommand',
  consoleProducer: 'org.apache.kafka.tools.ConsoleProducer',
  consoleConsumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  verifiableProducer: 'org.apache.kafka.tools.VerifiableProducer',
  verifiableConsumer: 'org.apache.kafka.tools.VerifiableConsumer',
  producerPerformance: 'org.apache.kafka.tools.ProducerPerformance',
  consumerPerformance: 'org.apache.kafka.tools.ConsumerPerformance',
  endToEndLatency: 'org.apache.kafka.tools.EndToEndLatency',
  getOffsets: 'org.apache.kafka.tools.GetOffsetShell',
  logDirs: 'org.apache.kafka.tools.LogDirsCommand',
  deleteRecords: 'org.apache.kafka.tools.DeleteRecordsCommand',
  metadataQuorum: 'org.apache.kafka.tools.MetadataQuorumCommand',
  features: 'org.apache.kafka.tools.FeatureCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
  apiVersions: 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  leaderElection: 'org.apache.kafka.tools.LeaderElectionCommand',
  reassignPartitions: 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  clientMetrics: 'org.apache.kafka.tools.ClientMetricsCommand',
} as const

export type Tool = keyof typeof CLASSES

/** The release in the names of its jars. */
export function releaseOf (home: string): string | undefined {
  return readdirSync(join(home, 'libs')).map(name => /^kafka-clients-(.*)\.jar$/.exec(name)?.[1]).find(Boolean)
}

/** Runs a tool to its end. */
export function tool (home: string, name: Tool, words: readonly string[], input = ''): Promise<ProgramResult> {
  return runProgram('java', [...JAVA, '-cp', join(home, 'libs/*'), CLASSES[name], ...words], input)
}
