/** `ottla serve`: its words and options. */
import type { Command } from 'commander'
import { collect } from '../parse.ts'

export function defineServe (ottla: Command): void {
  ottla.command('serve')
    .description('run a broker in the foreground')
    .option('--config <file>', 'a server.properties file')
    .option('--override <key=value>', 'one setting, over file and environment; may be repeated', collect, [])
    .action(async options => {
      const { serve } = await import('../serve.ts')
      await serve(options)
    })
}
