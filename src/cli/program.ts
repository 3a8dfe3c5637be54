/** The command line: one file a command, each loaded when it is asked for. */
import { Command } from 'commander'

export function program (): Command {
  const ottla = new Command('ottla').description('A Kafka wire-protocol broker')
  ottla.command('serve')
    .description('run a broker in the foreground')
    .option('--config <file>', 'a server.properties file')
    .option('--override <key=value>', 'one setting, over file and environment; may be repeated', collect, [])
    .action(async options => {
      const { serve } = await import('./serve.ts')
      await serve(options)
    })
  return ottla
}

function collect (value: string, before: readonly string[]): string[] { return [...before, value] }
