/**
 * A planted bug that a test finds: a line or two of the program, wrong in a way that one could
 * write.
 */
import type { Mutant } from '../simulation/mutants.ts'

export interface Bug extends Mutant {
  readonly room: string
  /** Tests of `npm test`, or `seed N` of the simulation: each of them fails with the bug. */
  readonly caughtBy: readonly string[]
}

type Row = readonly [
  number: number, file: string, breaks: string, find: string, replace: string, ...caughtBy: string[]
]

/** The bugs of a room, one row each. */
export function bugsOf (room: string, rows: readonly Row[]): Bug[] {
  return rows.map(([number, file, breaks, find, replace, ...caughtBy]) =>
    ({ number, room, file: `${file}.js`, breaks, find, replace, caughtBy }))
}
