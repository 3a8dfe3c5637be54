/** kcat, the command-line client over librdkafka, if this machine has it. */
import { spawnSync } from 'node:child_process'
import { runProgram } from './program.ts'
import type { ProgramResult } from './program.ts'

export const kcatVersion: string | undefined = (() => {
  const { stdout, error } = spawnSync('kcat', ['-V'], { encoding: 'utf8' })
  return error === undefined ? stdout.split('\n').find(line => line.startsWith('Version'))?.trim() : undefined
})()

/** Runs kcat to its end with this input. */
export function kcat (bootstrapServers: string, words: readonly string[], input = ''): Promise<ProgramResult> {
  return runProgram('kcat', ['-b', bootstrapServers, ...words], input)
}
