/**
 * A program of the conformance run: started beside a broker, heard line by line, ended when late.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/** What a program prints, a line of JSON each. */
export type Line =
  /** A case that has ended. */
  | { readonly case: string, readonly ok: boolean, readonly why?: string }
  /** What it is that runs, where only the program can know. */
  | { readonly version: string }
  /** There is nothing to run, and nothing to complain of. */
  | { readonly absent: string }

export interface Outcome {
  version?: string
  absent?: string
  cases: number
  failures: Array<{ name: string, why: string }>
}

const COMPLAINT_CHARACTERS = 2000

/** Ends a process that leads a group of its own, and all that it has started. */
export function killGroup ({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch { /* it is gone already */ }
}

export interface ProgramOptions {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  readonly limitMs: number
  /** Ends it before its time. */
  readonly signal: AbortSignal
  /** What to do at the end of each case. */
  readonly onCase: (cases: number) => void
}

export class Program {
  readonly ended: Promise<Outcome>
  readonly #outcome: Outcome = { cases: 0, failures: [] }
  #said = ''
  #last = 'the start'
  #isLate = false

  constructor (
    [command, ...parameters]: readonly [string, ...string[]],
    { cwd, environment, limitMs, signal, onCase }: ProgramOptions
  ) {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(command, parameters, {
      cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment },
    })
    const kill = (): void => { killGroup(child) }
    signal.addEventListener('abort', kill)
    child.stderr.setEncoding('utf8').on('data', text => { this.#hear(String(text)) })
    createInterface({ input: child.stdout }).on('line', line => {
      this.#take(line)
      onCase(this.#outcome.cases)
    })
    const timer = setTimeout(() => {
      this.#isLate = true
      kill()
    }, limitMs)
    this.ended = new Promise(resolve => {
      child.on('error', error => { this.#fail('start', error.message) })
      child.on('close', code => {
        clearTimeout(timer)
        signal.removeEventListener('abort', kill)
        kill()
        if (this.#isLate) this.#fail('the limit of time', `not done within ${limitMs / 1000} s, after ${this.#last}`)
        else if (code !== 0 && this.#outcome.failures.length === 0) {
          this.#fail('the end', `exit code ${code} after ${this.#last}: ${this.#said.trim()}`)
        }
        resolve(this.#outcome)
      })
    })
  }

  #take (line: string): void {
    let told: Line
    try {
      told = JSON.parse(line) as Line
    } catch {
      this.#hear(`${line}\n`)
      return
    }
    if ('version' in told) this.#outcome.version = told.version
    else if ('absent' in told) this.#outcome.absent = told.absent
    else {
      this.#last = told.case
      if (told.ok) this.#outcome.cases++
      else this.#fail(told.case, told.why ?? '')
    }
  }

  #fail (name: string, why: string): void {
    this.#outcome.cases++
    this.#outcome.failures.push({ name, why })
  }

  #hear (text: string): void {
    this.#said = (this.#said + text).slice(-COMPLAINT_CHARACTERS)
  }
}
