/** One run of the command line within this process: what it is told, says and ends with. */
import { PassThrough, Readable, Writable } from 'node:stream'
import { run } from '../../src/cli/commands.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

export interface Told {
  /** The standard input. */
  readonly input?: string | Readable
  /** Aborts what runs, as SIGINT does. */
  readonly interruption?: AbortSignal
  /** People look on: progress and notes are shown. */
  readonly isWatched?: boolean
  readonly monotonicMs?: () => number
  readonly nowMs?: () => number
  /** Called with the whole output so far. */
  readonly onOutput?: (output: string) => void
}

export interface Said {
  readonly exitCode: number
  readonly output: string
  /** The output as it was written. */
  readonly bytes: Buffer
  readonly messages: string
  /** The output's lines as JSON. */
  readonly rows: any[]
}

class Collector extends Writable {
  text = ''
  readonly chunks: Buffer[] = []
  readonly #onText: ((text: string) => void) | undefined

  constructor (onText?: (text: string) => void) {
    super({ decodeStrings: false })
    this.#onText = onText
  }

  override _write (chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk))
    this.text += chunk.toString()
    this.#onText?.(this.text)
    done()
  }
}

export async function runCommand (words: readonly string[], told: Told = {}): Promise<Said> {
  const output = new Collector(told.onOutput)
  const messages = new Collector()
  const { input = '' } = told
  const terminal: Terminal = {
    input: typeof input === 'string' ? Readable.from(input === '' ? [] : [Buffer.from(input)]) : input,
    output,
    messages,
    isWatched: told.isWatched === true,
    isTyped: false,
    nowMs: told.nowMs ?? (() => Date.now()),
    monotonicMs: told.monotonicMs ?? (() => performance.now()),
    interruption: () => told.interruption ?? new AbortController().signal,
  }
  const exitCode = await run(words, terminal)
  return {
    exitCode,
    output: output.text,
    bytes: Buffer.concat(output.chunks),
    messages: messages.text,
    get rows () { return output.text.split('\n').filter(line => line !== '').map(line => JSON.parse(line)) },
  }
}

/** An input that is written to while the command runs. */
export function typedInput (): PassThrough { return new PassThrough() }
