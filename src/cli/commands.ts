/** The command line with all its commands. */
import type { Command } from 'commander'
import { defineBrokerTools } from './define/broker-tools.ts'
import { defineGroups } from './define/groups.ts'
import { defineRecords } from './define/records.ts'
import { defineServe } from './define/serve.ts'
import { defineTopics } from './define/topics.ts'
import { runWith } from './run.ts'
import { processTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export function defineAll (ottla: Command, terminal: Terminal): void {
  defineServe(ottla)
  defineTopics(ottla, terminal)
  defineGroups(ottla, terminal)
  defineRecords(ottla, terminal)
  defineBrokerTools(ottla, terminal)
}

/** The exit code; `words` are the arguments behind the program's name. Rejects only for a bug. */
export async function run (
  words: readonly string[], terminal: Terminal = processTerminal()
): Promise<number> {
  return await runWith(defineAll, words, terminal)
}
