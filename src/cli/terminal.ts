/**
 * What a command has of the process: where it reads and writes, and how it learns that it shall
 * end.
 */
import { once } from 'node:events'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { whenReaderGone } from './reader-gone.ts'
import { visible } from './visible.ts'

export interface Terminal {
  readonly input: Readable
  readonly output: Writable
  /** Messages and progress: never mixed into the output that another program reads. */
  readonly messages: Writable
  /** People look on: progress is worth showing. */
  readonly isWatched: boolean
  /** People type the input. */
  readonly isTyped: boolean
  /** Wall clock, milliseconds since 1970. */
  nowMs (): number
  /** What is waited for goes by it, whatever the wall clock is set to. */
  monotonicMs (): number
  /**
   * Aborted by SIGINT, SIGTERM and by a reader of the output that has gone. Whoever asks for it
   * ends in order; other commands are ended by the signal itself.
   */
  interruption (): AbortSignal
}

export function processTerminal (): Terminal {
  let interruption: AbortController | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      process.stderr.write(`ottla: the output cannot be written (${error.code ?? error.message}): see where it goes\n`)
      process.exit(1)
    }
    // `ottla topics list | head -1`: nobody reads any more, which is no failure.
    if (interruption === undefined) process.exit(0)
    interruption.abort()
  })
  // Whether or not somebody reads what is said beside the output, the output goes on.
  process.stderr.on('error', () => {})
  return {
    input: process.stdin,
    output: process.stdout,
    messages: process.stderr,
    isWatched: process.stderr.isTTY === true,
    isTyped: process.stdin.isTTY === true,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    interruption: () => {
      if (interruption === undefined) {
        const controller = interruption = new AbortController()
        const onSignal = (): void => {
          if (controller.signal.aborted) process.exit(1)
          controller.abort()
        }
        process.on('SIGINT', onSignal)
        process.on('SIGTERM', onSignal)
        whenReaderGone(process.stdout.fd, () => { controller.abort() })
      }
      return interruption.signal
    },
  }
}

/** Writes text and waits while its reader is slower; a reader that has gone ends the wait. */
export async function write (
  stream: Writable, text: string | Buffer, until?: AbortSignal
): Promise<void> {
  if (stream.write(text) || stream.destroyed) return
  try {
    await once(stream, 'drain', until === undefined ? {} : { signal: until })
  } catch (error) {
    if (until?.aborted !== true) throw error
  }
}

/** One line beside the output, which may hold what a broker or a file said. */
export function say (terminal: Terminal, line: string): void { terminal.messages.write(`${visible(line)}\n`) }
