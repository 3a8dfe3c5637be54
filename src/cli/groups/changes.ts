/** `ottla groups delete` and `delete-offsets`. */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { DeleteGroups } from '../../../protocol/messages/42-delete-groups.ts'
import { OffsetDelete } from '../../../protocol/messages/47-offset-delete.ts'
import type { Client } from '../../client/client.ts'
import { about, answered, failureOf, throwFailures } from '../error.ts'
import { byTopic } from '../offset-lookup.ts'
import type { TopicPartition } from '../offset-lookup.ts'
import { show } from '../output.ts'
import { topicSelection } from '../parse.ts'
import type { TopicSelection } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { namedTopics } from '../topics.ts'
import { withClient } from '../with-client.ts'
import type { SharedOptions } from '../with-client.ts'

export async function deleteGroups (
  names: readonly string[], options: SharedOptions, terminal: Terminal
): Promise<void> {
  const results = await withClient(options, async client => {
    const results: Array<{ group: string, failure: string | undefined }> = []
    for (const group of names) results.push({ group, failure: await deleteGroup(client, group) })
    return results
  })
  await show(terminal, options, {
    columns: ['group'],
    rows: results.filter(({ failure }) => failure === undefined).map(({ group }) => ({ group })),
    nothing: '',
  })
  throwFailures(results.map(({ failure }) => failure))
}

async function deleteGroup (client: Client, group: string): Promise<string | undefined> {
  try {
    await client.retrying(async () => {
      const { results } = await client.coordinator(group, DeleteGroups, { groupsNames: [group] })
      const [result] = results
      if (result !== undefined && result.errorCode !== code.NONE) {
        throw new KafkaError(result.errorCode, result.errorMessage ?? undefined)
      }
    })
    return undefined
  } catch (error) {
    if (error instanceof KafkaError) return answered(`group ${group}`, error)
    throw error
  }
}

/** The partitions of selections; of a whole topic, all that it has. */
export async function selectedPartitions (
  client: Client, selections: readonly TopicSelection[]
): Promise<TopicPartition[]> {
  const whole =
    selections.filter(({ partitions }) => partitions === undefined).map(({ topic }) => topic)
  const topics = whole.length === 0 ? [] : await namedTopics(client, whole)
  return selections.flatMap(({ topic, partitions }) => {
    const all =
      topics.find(({ name }) => name === topic)?.partitions.map(({ partition }) => partition)
    return (partitions ?? all ?? []).map(partition => ({ topic, partition }))
  })
}

export async function deleteOffsets (
  group: string, options: SharedOptions & { topic: readonly string[] }, terminal: Terminal
): Promise<void> {
  const selections = options.topic.map(topicSelection)
  const topics = await withClient(options, async client => {
    const partitions = await selectedPartitions(client, selections)
    return await about(`group ${group}`, () => client.retrying(async () => {
      const answer = await client.coordinator(group, OffsetDelete, {
        groupId: group,
        topics: byTopic(partitions).map(({ topic, partitions }) => ({
          name: topic, partitions: partitions.map(partitionIndex => ({ partitionIndex })),
        })),
      })
      if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
      return answer.topics
    }))
  })
  const results = topics.flatMap(
    ({ name, partitions }) => partitions.map(partition => ({ topic: name, ...partition }))
  )
  await show(terminal, options, {
    columns: ['topic', 'partition'],
    rows: results.filter(({ errorCode }) => errorCode === code.NONE)
      .map(({ topic, partitionIndex }) => ({ group, topic, partition: partitionIndex })),
    nothing: '',
  })
  throwFailures(results.map(({ topic, partitionIndex, errorCode }) =>
    failureOf(`group ${group}, topic ${topic} partition ${partitionIndex}`, errorCode)))
}
