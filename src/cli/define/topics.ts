/** `ottla topics`: its words and options. */
import type { Command } from 'commander'
import { collect, integer } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { json, shared } from './every-command.ts'

const INT32_MAX = 2147483647

export function defineTopics (ottla: Command, terminal: Terminal): void {
  const topics = ottla.command('topics').description('list, describe, create, delete and alter topics')

  shared(topics.command('list').description('the topics of the cluster'),
    '{ "topic", "partitions", "replicationFactor", "internal" }')
    .option('--internal', 'also those that the broker keeps for itself')
    .action(async options => await (await load()).listTopics(options, terminal))

  shared(topics.command('describe').description('partitions, leaders, replicas and settings of topics')
    .argument('[topic...]', 'all of them, if none is named'),
  '{ "topic", "topicId", "internal", "partitions": [{ "partition", "leader", "replicas", "isr", "offline" }], "configs" }')
    .option('--internal', 'also those that the broker keeps for itself')
    .action(async (names, options) => await (await load()).describeTopics(names, options, terminal))

  json(shared(topics.command('create').description('make topics').argument('<topic...>')
    .option('--partitions <n>', 'default: num.partitions of the broker', integer('--partitions', 1, INT32_MAX))
    .option('--replication-factor <n>', 'default: default.replication.factor of the broker',
      integer('--replication-factor', 1, 32767))
    .option('--config <name=value>', 'a setting of the topic; may be repeated', collect, [])
    .option('--if-not-exists', 'a topic that is there already is no failure')),
  '{ "topic", "topicId", "partitions", "replicationFactor" }')
    .action(async (names, options) => await (await load()).createTopics(names, options, terminal))

  shared(topics.command('delete').description('delete topics with all that is in them').argument('<topic...>')
    .option('--if-exists', 'a topic that is not there is no failure'), '{ "topic" }')
    .action(async (names, options) => await (await load()).deleteTopics(names, options, terminal))

  shared(topics.command('alter').description('more partitions, other settings').argument('<topic>')
    .option('--partitions <n>', 'as many in all as this', integer('--partitions', 1, INT32_MAX))
    .option('--config <name=value>', 'sets a setting; may be repeated', collect, [])
    .option('--delete-config <name>', 'back to the broker\'s own; may be repeated', collect, []),
  '{ "topic", "partitions" }')
    .action(async (name, options) => await (await load()).alterTopic(name, options, terminal))
}

const load = async () => await import('../topics.ts')
