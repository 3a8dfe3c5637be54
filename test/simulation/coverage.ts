/**
 * Rare states that a long run of seeds must reach (R-M3): what is never reached is not tested.
 * `least` is how often 500 seeds reach one at the least; usually it is four times that, or more.
 */

interface RareState { readonly name: string, readonly least: number }

export const rareStates = [
  { name: 'death by a kill', least: 300 },
  { name: 'death by a power loss', least: 100 },
  { name: 'death by a failed disk', least: 60 },
  { name: 'stop in order', least: 40 },
  { name: 'death with batches under way', least: 300 },
  { name: 'death during a rebalance', least: 250 },
  { name: 'death during a start', least: 60 },
  { name: 'death while metadata is being written', least: 3 },
  { name: 'start from a snapshot of the metadata', least: 300 },
  { name: 'start from a checkpoint behind its log', least: 1000 },
  { name: 'start from a log without a checkpoint', least: 1000 },
  { name: 'power loss that takes records back', least: 40 },
  { name: 'append refused by a full disk', least: 1000 },
  { name: 'coordinator loaded again', least: 40 },
  { name: 'coordinator asked while it loads', least: 2 },
  { name: 'sync that does not end', least: 1 },
  { name: 'metadata written for longer than a session', least: 1 },
  { name: 'log compacted', least: 1000 },
  { name: 'death while a log is compacted', least: 40 },
  { name: 'volume dropped', least: 8 },
  { name: 'fetch that waits while the log start moves', least: 2 },
  { name: 'fetch below the log start', least: 15 },
  { name: 'fetch from an epoch that diverges', least: 15 },
  { name: 'fetch session lost', least: 100 },
  { name: 'duplicate answered from memory', least: 1000 },
  { name: 'gap in the sequence refused', least: 1000 },
  { name: 'older producer epoch refused', least: 300 },
  { name: 'batch acknowledged at a later try', least: 1500 },
  { name: 'silent member expired', least: 300 },
  { name: 'static member fenced', least: 30 },
  { name: 'commit of another generation refused', least: 200 },
] as const satisfies readonly RareState[]

export type RareStateName = typeof rareStates[number]['name']

export interface Reached extends RareState {
  readonly times: number
  /** Fewer than so many seeds must have. */
  readonly isShort: boolean
}

/** Below so many seeds chance decides. */
const SEEDS_LEAST = 500

export function reachedBy (seeds: number, marks: ReadonlyMap<string, number>): Reached[] {
  return rareStates.map(({ name, least: inSeedsLeast }) => {
    const least = seeds < SEEDS_LEAST ? 0 : Math.floor(inSeedsLeast * seeds / SEEDS_LEAST)
    const times = marks.get(name) ?? 0
    return { name, least, times, isShort: times < least }
  })
}
