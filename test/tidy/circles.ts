/**
 * No file needs itself, by way of others: imports go one way inside a room as well, by value and by
 * type, so that each file can be read with what lies below it, and moved.
 */
import { importsOf } from './imports.ts'
import type { Law, Source } from './sources.ts'

/** In tests it is what they share that is kept so; a test itself is imported by nobody. */
const FOLDERS = /^(?:protocol|src|scripts|test\/(?:support|simulation))\//

export const importsMakeNoCircle: Law = sources => circlesIn(graphOf(sources)).map(circle =>
  `${circle[0]}:1 needs itself: ${[...circle, circle[0]].join(' -> ')}`)

type Graph = ReadonlyMap<string, readonly string[]>

function graphOf (sources: readonly Source[]): Graph {
  const files = sources.filter(({ path }) => FOLDERS.test(path))
  const paths = new Set(files.map(({ path }) => path))
  return new Map(files.map(({ path, text }) =>
    [path, importsOf(path, text).map(({ from }) => from).filter(from => paths.has(from))]))
}

/** One way round of each: whoever cuts it is told of the next. */
function circlesIn (graph: Graph): string[][] {
  const circles: string[][] = []
  const done = new Set<string>()
  const way: string[] = []
  const visit = (path: string): void => {
    const start = way.indexOf(path)
    if (start >= 0) circles.push(way.slice(start))
    if (start >= 0 || done.has(path)) return
    way.push(path)
    for (const next of graph.get(path) ?? []) visit(next)
    way.pop()
    done.add(path)
  }
  for (const path of graph.keys()) visit(path)
  return circles
}
