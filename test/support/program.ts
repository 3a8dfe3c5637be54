/** Programs that run to their end. */
import { spawn } from 'node:child_process'

export interface ProgramResult {
  readonly code: number | null
  readonly output: string
  readonly complaints: string
}

/** Runs a program with this input; rejects when it cannot be started. */
export function runProgram (
  command: string, words: readonly string[], input = '', env: NodeJS.ProcessEnv = process.env
): Promise<ProgramResult> {
  const child = spawn(command, words, { stdio: 'pipe', env })
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', text => { output += text })
  child.stderr.setEncoding('utf8').on('data', text => { complaints += text })
  child.stdin.on('error', () => { /* it ended before it had read everything: its exit code says why */ })
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => { resolve({ code, output, complaints }) })
  })
}
