/**
 * Where Apache Kafka is: in `$KAFKA_HOME` (with its jars in `libs/`, as a release has them), else
 * where `npm run setup-kafka` puts it. What is fetched is kept outside the repository, in `$W` or
 * the folder `ottla-bench` among the temporary files.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CannotRun } from '../options.ts'

/** What is fetched or built once, and used by every run after that. */
export function cacheFolder (): string {
  return process.env.W ?? join(tmpdir(), 'ottla-bench')
}

/** Where Kafka is, or is to be. */
export function kafkaFolder (): string {
  return process.env.KAFKA_HOME ?? join(cacheFolder(), 'kafka')
}

/** Throws CannotRun that says what is missing. */
export function kafkaHome (): string {
  const home = kafkaFolder()
  if (!existsSync(join(home, 'libs'))) {
    throw new CannotRun(`no Apache Kafka in ${home}: npm run setup-kafka fetches it, or let KAFKA_HOME name a folder with libs/`)
  }
  if (spawnSync('java', ['-version']).error !== undefined) {
    throw new CannotRun('no java: Apache Kafka needs Java 17 or newer')
  }
  return home
}
