/**
 * The command line of a process that is a broker: it loads nothing that only other commands need.
 */
import { defineServe } from './define/serve.ts'
import { runWith } from './run.ts'
import { processTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** The exit code; the broker goes on after it. */
export async function run (
  words: readonly string[], terminal: Terminal = processTerminal()
): Promise<number> {
  return await runWith(defineServe, words, terminal)
}
