/**
 * How far long work is: a bar, or a count where the end is not known; only where people look on.
 */
import type { Terminal } from './terminal.ts'

export interface Progress {
  advance (done: number): void
  stop (): void
}

const SILENT: Progress = { advance: () => {}, stop: () => {} }

/** `total` undefined: not known. `unit` is what is counted. */
export async function progressOf (
  terminal: Terminal, unit: string, total: number | undefined
): Promise<Progress> {
  if (!terminal.isWatched) return SILENT
  const { default: { SingleBar } } = await import('cli-progress')
  const bar = new SingleBar({
    format: total === undefined ? `{value} ${unit}, {duration_formatted}` : `[{bar}] {percentage}% {value}/{total} ${unit}, {eta_formatted}`,
    stream: terminal.messages as NodeJS.WriteStream,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '#',
    barIncompleteChar: '-',
  })
  bar.start(total ?? Number.MAX_SAFE_INTEGER, 0)
  return { advance: done => { bar.update(done) }, stop: () => { bar.stop() } }
}
