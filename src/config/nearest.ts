/** For typing errors: which known name was probably meant. */

/** The nearest name by edit distance; undefined if none is close. */
export function nearestName (name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  // More than a third of it wrong is another name, not a slip.
  let best = Math.floor(name.length / 3) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= best) continue
    const distance = editDistance(name, candidate, best)
    if (distance >= best) continue
    best = distance
    nearest = candidate
  }
  return nearest
}

/** Levenshtein's distance, or the limit where it is not below that. */
function editDistance (one: string, other: string, limit: number): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 1; at <= one.length; at++) {
    const next = [at]
    for (let to = 1; to <= other.length; to++) {
      const changed = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1)
      next.push(Math.min(changed, row[to]! + 1, next[to - 1]! + 1))
    }
    if (Math.min(...next) >= limit) return limit
    row = next
  }
  return row[other.length]!
}
