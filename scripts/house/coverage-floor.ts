/** The floor under the coverage of the rooms where a line that no test runs is a promise unkept. */

const LINES_MIN_PERCENT = 90
const ROOMS = ['protocol', 'src/core', 'src/apis', 'src/store']

interface Lines { readonly total: number, readonly covered: number }
/** As the report json-summary has it: by absolute path, and `total`. */
export type Summary = Readonly<Record<string, { readonly lines: Lines }>>

export interface RoomCoverage { readonly room: string, readonly percent: number }

/**
 * Of each room the lines covered. `sources` are the lines of each file that has code, by path from
 * the root: one that no test loads is not in the summary, and counts as not covered.
 */
export function coverageOf (
  summary: Summary, root: string, sources: ReadonlyMap<string, number>
): RoomCoverage[] {
  const measured = new Map(Object.entries(summary).map(([path, { lines }]) => [path.replace(root, ''), lines]))
  return ROOMS.map(room => {
    let total = 0
    let covered = 0
    for (const [path, lines] of sources) {
      if (!path.startsWith(`${room}/`)) continue
      const found = measured.get(path) ?? { total: lines, covered: 0 }
      total += found.total
      covered += found.covered
    }
    return { room, percent: total === 0 ? 0 : 100 * covered / total }
  })
}

/** Whether a compiled file does anything; one that holds only types has nothing to cover. */
export function hasCode (javascript: string): boolean {
  return javascript.replace(/\/\*[\s\S]*?\*\/|\/\/.*|export \{\};/g, '').trim() !== ''
}

export function belowFloor (rooms: readonly RoomCoverage[]): RoomCoverage[] {
  return rooms.filter(({ percent }) => percent < LINES_MIN_PERCENT)
}
