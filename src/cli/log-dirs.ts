/** `ottla log-dirs`: where brokers keep their logs, and how large these are. */
import { code, KafkaError } from '../../protocol/errors.ts'
import { DescribeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import type { Client } from '../client/client.ts'
import { failureOf, throwFailures } from './error.ts'
import { byPartition } from './groups/requests.ts'
import { show } from './output.ts'
import type { Terminal } from './terminal.ts'
import { namedTopics } from './topics.ts'
import { withClient } from './with-client.ts'
import type { SharedOptions } from './with-client.ts'

export async function showLogDirs (
  names: readonly string[], options: SharedOptions & { partitions?: boolean }, terminal: Terminal
): Promise<void> {
  const directories = await withClient(options, client => describe(client, names))
  const rows = directories.map(({ broker, logDir, totalBytes, usableBytes, partitions }) =>
    ({ broker, logDir, totalBytes, usableBytes, partitions }))
  if (options.json !== true && (options.partitions === true || names.length > 0)) {
    await show(terminal, {}, {
      columns: ['broker', 'topic', 'partition', 'sizeBytes', 'offsetLag', 'logDir'],
      rows: rows.flatMap(
        ({ broker, logDir, partitions }) => partitions.map(each => ({ broker, logDir, ...each }))
      ),
      nothing: 'no partitions are there',
    })
  } else if (options.json === true) {
    await show(terminal, options, { columns: [], rows, nothing: '' })
  } else {
    await show(terminal, {}, {
      columns: ['broker', 'logDir', 'partitions', 'sizeBytes', 'usableBytes', 'totalBytes'],
      rows: rows.map(directory => ({
        ...directory,
        partitions: directory.partitions.length,
        sizeBytes: directory.partitions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n),
      })),
      nothing: 'no broker answers',
    })
  }
  throwFailures(directories.map(({ broker, logDir, errorCode }) => failureOf(`broker ${broker}, ${logDir}`, errorCode)))
}

async function describe (client: Client, names: readonly string[]) {
  const topics = names.length === 0
    ? null
    : (await namedTopics(client, names)).map(({ name, partitions }) => ({
      topic: name, partitions: partitions.map(({ partition }) => partition),
    }))
  const directories = []
  for (const broker of (await client.cluster()).brokers.keys()) {
    const { errorCode, results } = await client.broker(broker, DescribeLogDirs, { topics })
    if (errorCode !== code.NONE) throw new KafkaError(errorCode)
    directories.push(...results.map(result => ({
      broker,
      logDir: result.logDir,
      errorCode: result.errorCode,
      totalBytes: result.totalBytes < 0n ? null : result.totalBytes,
      usableBytes: result.usableBytes < 0n ? null : result.usableBytes,
      partitions: result.topics.flatMap(({ name, partitions }) => partitions.map(each => ({
        topic: name,
        partition: each.partitionIndex,
        sizeBytes: each.partitionSize,
        offsetLag: each.offsetLag,
        future: each.isFutureKey,
      }))).sort(byPartition),
    })))
  }
  return directories
}
