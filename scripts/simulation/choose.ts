/**
 * Chooses the seeds that `npm test` always runs: for each rare state (R-M3) the few that reach it
 * at the least cost, however fast the machine is.
 */
import { rareStates } from '../../test/simulation/coverage.ts'

export interface Candidate {
  readonly seed: number
  /** Processor time, of whoever chooses. */
  readonly costMs: number
  readonly marks: ReadonlyMap<string, number>
}

/**
 * So many seeds reach each state, if there are so many: a change of the program moves some away.
 */
const SEEDS_A_STATE = 2

/**
 * Ascending. Each step takes the seed that reaches most of what is still wanted for what it costs.
 */
export function choose (candidates: readonly Candidate[]): number[] {
  const reaching = (name: string): number =>
    candidates.filter(({ marks }) => marks.has(name)).length
  const wanted =
    new Map(rareStates.map(({ name }) => [name as string, Math.min(SEEDS_A_STATE, reaching(name))]))
  const left = new Set(candidates)
  const chosen: number[] = []
  const worth = ({ marks, costMs }: Candidate): number =>
    [...wanted].filter(([name, times]) => times > 0 && marks.has(name)).length / Math.max(1, costMs)
  for (;;) {
    let best: Candidate | undefined
    for (const each of left) if (best === undefined || worth(each) > worth(best)) best = each
    if (best === undefined || worth(best) === 0) break
    left.delete(best)
    chosen.push(best.seed)
    for (const [name, times] of wanted) if (best.marks.has(name)) wanted.set(name, times - 1)
  }
  return chosen.sort((one, other) => one - other)
}
