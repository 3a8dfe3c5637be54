/** Random choices out of one argument, so that the same numbers give the same decision. */

/** At least 0, below 1. */
export type Random = () => number

/** A whole number from 0 up to, not including, the limit. */
export function below (limit: number, random: Random): number {
  return Math.floor(random() * limit)
}

/** In place; every order is equally likely. */
export function shuffle<T> (items: T[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = below(last + 1, random)
    const item = items[last]!
    items[last] = items[other]!
    items[other] = item
  }
}
