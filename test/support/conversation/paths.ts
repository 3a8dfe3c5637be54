/** Places in an answer: `topics.0.name`, and `topics.*.name` for all of them. */
import type { Json } from '../../../protocol/json.ts'

type Container = Json[] | { [name: string]: Json }

/** Replaces what is at each such place; a place that is not there is passed over. */
export function replace (json: Json, path: string, change: (value: Json) => Json): void {
  const parts = path.split('.')
  const walk = (at: Json, index: number): void => {
    if (at === null || typeof at !== 'object') return
    const part = parts[index] as string
    const container = at as Container & Record<string, Json>
    const keys = part === '*' ? Object.keys(container) : part in container ? [part] : []
    for (const key of keys) {
      if (index === parts.length - 1) container[key] = change(container[key] as Json)
      else walk(container[key] as Json, index + 1)
    }
  }
  walk(json, 0)
}

/** What is at that place; undefined where there is none. */
export function find (json: Json, path: string): Json | undefined {
  let found: Json | undefined
  replace(json, path, value => {
    found ??= value
    return value
  })
  return found
}

/** Each place where the two are not the same, in words. */
export function differences (before: Json | undefined, after: Json | undefined, path = ''): string[] {
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    const at = (json: Container, key: string): Json | undefined =>
      (json as Record<string, Json>)[key]
    return [...keys].flatMap(key =>
      differences(at(before, key), at(after, key), path === '' ? key : `${path}.${key}`))
  }
  return before === after ? [] : [`${path}: ${said(before)} ≠ ${said(after)}`]
}

function said (json: Json | undefined): string { return json === undefined ? 'absent' : JSON.stringify(json) }

function isContainer (json: Json | undefined): json is Container {
  return json !== null && typeof json === 'object'
}
