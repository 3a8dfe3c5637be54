/** `ottla configs`, `offsets`, `log-dirs`, `dump`, `completion`: their words and options. */
import { Argument } from 'commander'
import type { Command } from 'commander'
import { collect, integer, moment } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { json, shared } from './every-command.ts'

const KINDS = ['topic', 'broker', 'group', 'broker-logger', 'client-metrics']

export function defineBrokerTools (ottla: Command, terminal: Terminal): void {
  defineConfigs(ottla, terminal)

  shared(ottla.command('offsets').description('the offsets of topics, partition by partition')
    .argument('[topic...]', 'all of them, if none is named')
    .option('--at <time>', 'of the first record since then, for example 2026-01-31T15:00:00Z', moment('--at'))
    .option('--max-timestamp', 'of the record with the highest timestamp')
    .option('--internal', 'also of the topics that the broker keeps for itself'),
  '{ "topic", "partition", "earliest", "latest" } or { "topic", "partition", "offset", "timestamp" }')
    .action(async (names, options) => await (await import('../offsets.ts')).showOffsets(names, options, terminal))

  shared(ottla.command('log-dirs').description('where brokers keep their logs, and how large these are')
    .argument('[topic...]', 'only of these')
    .option('--partitions', 'each partition, not the directories'),
  '{ "broker", "logDir", "totalBytes", "usableBytes", "partitions": [{ "topic", "partition", "sizeBytes", "offsetLag", "future" }] }')
    .action(async (names, options) => await (await import('../log-dirs.ts')).showLogDirs(names, options, terminal))

  defineDump(ottla, terminal)

  ottla.command('completion').description('the script that makes a shell complete this command: source <(ottla completion bash)')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .addHelpText('after', '\nNames come from the broker of OTTLA_BOOTSTRAP_SERVER, if it answers within ' +
      'OTTLA_COMPLETION_TIMEOUT_MS (300).')
    .action(async shell => { await (await import('../completion.ts')).printScript(shell, terminal) })
  ottla.command('complete', { hidden: true }).argument('[words...]').allowUnknownOption()
    .action(async words => { await (await import('../completion.ts')).complete(words, ottla, terminal) })
}

function defineDump (ottla: Command, terminal: Terminal): void {
  json(ottla.command('dump')
    .description('what is stored, without a broker: of a data directory, or of one file of batches (Kafka\'s .log and ' +
      '.checkpoint, our .journal)')
    .argument('<path>')
    .option('--log <name>', 'of a data directory: only this log, by its name or as topic-partition; may be repeated', collect, [])
    .option('--batches', 'the batches')
    .option('--records', 'the batches and their records; those of the metadata log and of groups are decoded')
    .option('--from <offset>', 'from the batch with this offset on', integer('--from', 0))
    .option('--limit <n>', 'at most so many batches of each log', integer('--limit', 1)),
  '{ "log", "topic", "partition", "startOffset", "endOffset", "bytes" }, then of each batch\n' +
  '  { "log", "baseOffset", "lastOffset", "records", "bytes", "codec", ... } and of each record\n' +
  '  { "log", "offset", "timestamp", "key", "value", "headers" } or { "log", "offset", "type", "decoded" }')
    .action(async (path, options) => await (await import('../dump/dump.ts')).dump(path, options, terminal))
}

function defineConfigs (ottla: Command, terminal: Terminal): void {
  const configs = ottla.command('configs').description('settings of topics, brokers, groups, loggers and client metrics')
  const kind = () => new Argument('<kind>').choices(KINDS)

  shared(configs.command('describe').description('settings and where they come from').addArgument(kind())
    .argument('[name]', 'all that there are, if none is named')
    .option('--all', 'also what is at its default'),
  '{ "kind", "name", "config", "value", "source", "readOnly", "sensitive", "synonyms": [{ "name", "value", "source" }] }')
    .action(async (kind, name, options) => {
      await (await import('../configs.ts')).showConfigs(kind, name, options, terminal)
    })

  shared(configs.command('alter').description('set settings, or take them back').addArgument(kind())
    .argument('[name]', 'of brokers: all of them, if none is named')
    .option('--set <name=value>', 'may be repeated', collect, [])
    .option('--delete <name>', 'back to the default; may be repeated', collect, [])
    .option('--append <name=value>', 'to a list; may be repeated', collect, [])
    .option('--subtract <name=value>', 'from a list; may be repeated', collect, [])
    .option('--dry-run', 'only let the broker check it'),
  '{ "kind", "name", "config", "operation", "value", "executed" }')
    .action(async (kind, name, options) => {
      await (await import('../configs.ts')).alterSettings(kind, name, options, terminal)
    })
}
