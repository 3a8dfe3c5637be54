/**
 * The command line without its commands: how it speaks, and that it does not end the process
 * itself.
 */
import { Command, Help } from 'commander'
import type { Option } from 'commander'
import type { Terminal } from './terminal.ts'

/** Adds commands, each of which loads its own file when it is asked for. */
export type Define = (ottla: Command, terminal: Terminal) => void

export function program (terminal: Terminal, define: Define): Command {
  const ottla = new Command('ottla')
    .description('A Kafka wire-protocol broker, and the commands to look into it and into any other')
    .exitOverride()
    .configureOutput({
      writeOut: text => { terminal.output.write(text) },
      writeErr: text => { terminal.messages.write(text) },
      outputError: (text, out) => { out(text.replace(/^error: /, 'ottla: ')) },
    })
    .showHelpAfterError('see --help')
    .configureHelp({ optionDescription: describe })
  define(ottla, terminal)
  return ottla
}

/** That an option which may be repeated begins with none goes without saying. */
function describe (option: Option): string {
  return new Help().optionDescription(option).replace(/ ?\(default: \[\]\)$/, '')
}
