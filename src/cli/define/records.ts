/** `ottla produce` and `consume`: their words and options. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { collect, integer } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { json, shared } from './every-command.ts'

const INT32_MAX = 2147483647

export function defineRecords (ottla: Command, terminal: Terminal): void {
  shared(ottla.command('produce').description('send lines as records')
    .argument('<topic>')
    .option('--file <path>', 'the lines of a file, not of the standard input')
    .option('--key-separator <text>', 'what stands between key and value; lines without it have no key')
    .option('--header <name=value>', 'of every record; may be repeated', collect, [])
    .option('--partition <n>', 'to this one; else by the key, as Kafka\'s clients do', integer('--partition', 0, INT32_MAX))
    .addOption(new Option('--acks <acks>', 'who must have it').choices(['all', '1', '0']).default('all'))
    .addOption(new Option('--compression <codec>').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'))
    .option('--null-value <text>', 'a value that is this text is null: a tombstone')
    .addHelpText('after', '\nA line is the value, without its end. A record that cannot be sent ends the command with exit code 1.'),
  '{ "topic", "records" }, once all are sent')
    .action(async (topic, options) => await (await import('../records/produce.ts')).produce(topic, options, terminal))

  json(shared(ottla.command('consume').description('print records as they come')
    .argument('<topic>')
    .option('--from <position>', 'beginning, end, an offset, -N before the end, or a time (2026-01-31T15:00:00Z, @milliseconds)')
    .option('--partition <n>', 'only of this one; may be repeated', collect, [])
    .option('--group <id>', 'as a member of a group: shares the partitions, and goes on where the group was')
    .option('--max-messages <n>', 'ends after so many', integer('--max-messages', 1))
    .option('--timeout <ms>', 'ends when nothing has come for so long', integer('--timeout', 1, INT32_MAX))
    .option('--until-end', 'ends where the topic ended when the command began')
    .option('--format <format>', '%t topic, %p partition, %o offset, %T timestamp, %k key, %v value, %h headers, ' +
      '%% percent, \\n, \\t', '%v\\n')),
  '{ "topic", "partition", "offset", "timestamp", "key", "value", "headers": [{ "key", "value" }] }\n' +
  'Keys and values are text, null, or { "base64" } where they are no UTF-8.')
    .action(async (topic, options) => await (await import('../records/consume.ts')).consume(topic, options, terminal))
}
