/** What a test run shows: a line for a file that passes, all but the passes of one that fails. */

export interface Tally { passed: number, failed: number, skipped: number }

/** Takes tap's output line by line and says which lines are worth a look. */
export class TestReport {
  #counted: Tally = { passed: 0, failed: 0, skipped: 0 }
  #file: string[] = []
  #failing = false

  /** The lines to show now that this one has come. */
  line (line: string): string[] {
    if (/^# \{ total: \d+.*\}$/.test(line)) this.#counted = countsIn(line)
    if (/^(?: {4}|# Subtest: |$)/.test(line)) {
      if (!/^ *ok \d/.test(line)) this.#file.push(line)
      return []
    }
    if (/^(?:not )?ok \d/.test(line)) {
      this.#failing = line.startsWith('not ')
      const shown = this.#failing ? [...this.#file, line] : [line]
      this.#file = []
      return shown
    }
    // Below a file that failed stand its command, exit code and signal.
    return this.#failing && line.startsWith('  ') ? [line] : []
  }

  /** The counts; a run that ended badly or ran nothing has at least one failure. */
  tally (exitCode: number): Tally {
    const { passed, failed, skipped } = this.#counted
    const bad = exitCode !== 0 || passed === 0
    return { passed, failed: bad ? Math.max(failed, 1) : failed, skipped }
  }
}

function countsIn (line: string): Tally {
  const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0)
  // What is still to be done has not passed.
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}

export function closingLine ({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
