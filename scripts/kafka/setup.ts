/**
 * `npm run setup-kafka` fetches Apache Kafka by Maven, once: the broker and its command-line tools,
 * for record, converse, conformance and the benchmarks. Needs java 17 and mvn.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from '../options.ts'
import { runSteadily } from '../steady.ts'
import { kafkaFolder, kafkaHome } from './home.ts'

/** The release whose answers are recorded in test/conversations. */
const KAFKA_VERSION = '4.3.1'

const PACKAGES = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.kafka', 'kafka-tools', KAFKA_VERSION],
  // Its log on standard error, without a file of settings.
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
] as const

const LIMIT_MS = 20 * 60_000

/** Does nothing where it is there already. Throws CannotRun that says what is missing. */
export async function setUpKafka (): Promise<void> {
  const folder = kafkaFolder()
  if (!existsSync(join(folder, 'libs'))) await fetchInto(folder)
  kafkaHome()
}

async function fetchInto (folder: string): Promise<void> {
  const part = join(folder, 'libs.part')
  rmSync(part, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'pom.xml'), project())
  const { code, said } = await runSteadily(`fetching Apache Kafka ${KAFKA_VERSION}`, [
    'mvn', '-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${part}`,
  ], { cwd: folder, limitMs: LIMIT_MS })
  if (code !== 0) throw new CannotRun(`Maven does not fetch Apache Kafka: ${said || `exit code ${code}`}`)
  // Whole or not there: an interrupted fetch is not taken for Kafka.
  renameSync(part, join(folder, 'libs'))
}

function project (): string {
  const dependencies = PACKAGES.map(([group, artifact, version]) => '<dependency>' +
    `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`)
  return ['<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>local</groupId><artifactId>judge</artifactId><version>1</version><packaging>pom</packaging>',
    '<dependencies>', ...dependencies, '</dependencies></project>', ''].join('\n')
}

export async function main (): Promise<number> {
  await setUpKafka()
  console.log(`ready: ${kafkaFolder()}`)
  return 0
}
