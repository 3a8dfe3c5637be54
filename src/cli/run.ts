/** One run of the command line: arguments in, exit code out. */
import { CommanderError } from 'commander'
import { explain, UsageError } from './error.ts'
import { program } from './program.ts'
import type { Define } from './program.ts'
import type { Terminal } from './terminal.ts'
import { say } from './terminal.ts'

const DONE = 0
const FAILED = 1
const WRONG_USAGE = 2

/** With these commands. Rejects only for a bug. */
export async function runWith (
  define: Define, words: readonly string[], terminal: Terminal
): Promise<number> {
  try {
    await program(terminal, define).parseAsync([...words], { from: 'user' })
    return DONE
  } catch (error) {
    // Commander has said its part; it has one code for asked-for help and wrong usage each.
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE
    const lines = explain(error)
    if (lines === undefined) throw error
    for (const line of lines) say(terminal, `ottla: ${line}`)
    return error instanceof UsageError ? WRONG_USAGE : FAILED
  }
}
