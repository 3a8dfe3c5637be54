/** A command that takes long: a line on the terminal says that it goes on. */
import { spawn } from 'node:child_process'

const BEAT_MS = 1000
const SAID_CHARACTERS = 2000

export interface Ended {
  /** Null: ended by a signal, at its limit for example. */
  readonly code: number | null
  /** The end of all that it printed. */
  readonly said: string
}

/** On a terminal only: what is under way, over what was. */
export function progress (text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

/**
 * Runs it to its end or to `limitMs`; one that cannot be started ends with code 127, as in a shell.
 */
export function runSteadily (
  title: string, [command, ...parameters]: readonly [string, ...string[]],
  { cwd, limitMs }: { cwd: string, limitMs: number }
): Promise<Ended> {
  const beganMs = performance.now()
  const beat = (): void => { progress(`${title}: ${((performance.now() - beganMs) / 1000).toFixed()} s`) }
  const timer = setInterval(beat, BEAT_MS)
  beat()
  const child = spawn(command, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => { said = (said + String(text)).slice(-SAID_CHARACTERS) })
  }
  return new Promise(resolve => {
    const end = (code: number | null): void => {
      clearInterval(timer)
      progress('')
      resolve({ code, said: said.trim() })
    }
    child.on('error', error => {
      said = error.message
      end(127)
    })
    child.on('close', end)
  })
}
