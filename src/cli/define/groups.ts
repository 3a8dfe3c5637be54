/** `ottla groups`: its words and options. */
import type { Command } from 'commander'
import { collect, duration, moment, offset } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { shared } from './every-command.ts'

export function defineGroups (ottla: Command, terminal: Terminal): void {
  const groups = ottla.command('groups').description('list, describe and delete groups, and reset what they have read')

  shared(groups.command('list').description('the groups of the cluster'), '{ "group", "state", "type", "protocol" }')
    .option('--state <state>', 'only those in this state, for example Stable or Empty; may be repeated', collect, [])
    .action(async options => await (await load()).listGroups(options, terminal))

  shared(groups.command('describe').description('offsets, lag and members of groups')
    .argument('[group...]', 'all of them, if none is named')
    .option('--members', 'the members and what each of them reads, not the offsets'),
  '{ "group", "state", "type", "coordinator", "protocol", "members": [{ "memberId", "instanceId", "clientId", "host", ' +
    '"partitions": [{ "topic", "partitions" }] }],\n    "offsets": [{ "topic", "partition", "currentOffset", "logEndOffset", ' +
    '"lag", "memberId", "host", "clientId", "metadata" }] }')
    .action(async (names, options) => await (await load()).describeGroups(names, options, terminal))

  defineReset(groups, terminal)

  shared(groups.command('delete').description('delete groups without members').argument('<group...>'), '{ "group" }')
    .action(
      async (names, options) => await (await loadChanges()).deleteGroups(names, options, terminal)
    )

  shared(groups.command('delete-offsets').description('forget what a group has read of some topics').argument('<group>')
    .requiredOption('--topic <topic[:partitions]>', 'for example orders or orders:0,2; may be repeated', collect, []),
  '{ "group", "topic", "partition" }')
    .action(
      async (name, options) => await (await loadChanges()).deleteOffsets(name, options, terminal)
    )
}

function defineReset (groups: Command, terminal: Terminal): void {
  shared(groups.command('reset-offsets')
    .description('where a group without members goes on: shows it, and does it with --execute').argument('<group>')
    .option('--topic <topic[:partitions]>', 'for example orders or orders:0,2; may be repeated', collect, [])
    .option('--all-topics', 'all that the group has offsets of')
    .option('--to-earliest', 'to the first record that is there')
    .option('--to-latest', 'behind the last record')
    .option('--to-current', 'to where it is')
    .option('--to-offset <offset>', 'to this offset', offset('--to-offset'))
    .option('--to-datetime <time>', 'to the first record since then, for example 2026-01-31T15:00:00Z', moment('--to-datetime'))
    .option('--by-duration <duration>', 'to the first record since so long ago, for example PT1H30M', duration('--by-duration'))
    .option('--shift-by <n>', 'so many forward, or back if negative', offset('--shift-by'))
    .option('--execute', 'do it'),
  '{ "group", "topic", "partition", "currentOffset", "newOffset", "executed" }')
    .action(
      async (name, options) => await (await loadReset()).resetOffsets(name, options, terminal)
    )
}

const load = async () => await import('../groups/groups.ts')
const loadChanges = async () => await import('../groups/changes.ts')
const loadReset = async () => await import('../groups/reset.ts')
