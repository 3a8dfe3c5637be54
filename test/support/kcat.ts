/** kcat, the command-line client over librdkafka, if this machine has it. */
import { spawn, spawnSync } from 'node:child_process'

export const kcatVersion: string | undefined = (() => {
  const { stdout, error } = spawnSync('kcat', ['-V'], { encoding: 'utf8' })
  return error === undefined ? stdout.split('\n').find(line => line.startsWith('Version'))?.trim() : undefined
})()

export interface KcatResult { readonly code: number | null, readonly output: string, readonly complaints: string }

/** Runs kcat to its end with this input. */
export function kcat (bootstrapServers: string, words: readonly string[], input = ''): Promise<KcatResult> {
  const child = spawn('kcat', ['-b', bootstrapServers, ...words], { stdio: 'pipe' })
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
