/** The options that every command has, and how its --json looks. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { meant } from '../../config/meant.ts'

export const DEFAULT_BOOTSTRAP_SERVER = 'localhost:9092'

/** Adds --bootstrap-server and --json; `shape` is one object of the output. */
export function shared (command: Command, shape?: string): Command {
  command.addOption(new Option('-b, --bootstrap-server <host:port>', 'the broker, or several after commas')
    .default(DEFAULT_BOOTSTRAP_SERVER).env('OTTLA_BOOTSTRAP_SERVER').argParser(text => meant(text) ?? DEFAULT_BOOTSTRAP_SERVER))
  return shape === undefined ? command : json(command, shape)
}

export function json (command: Command, shape: string): Command {
  return command.option('--json', 'one JSON object a line')
    .addHelpText('after', `\nWith --json, a line is:\n  ${shape}\nNumbers beyond 2^53 are text.`)
}
