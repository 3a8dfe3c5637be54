/**
 * Where this broker deliberately answers otherwise than Apache Kafka:
 * test/conversations/differences.jsonl, a line each, with the reason. A line that no answer needs
 * is out of date, and told.
 */
import type { Json } from '../../../protocol/json.ts'
import type { Heard } from './play.ts'
import { find, replace } from './paths.ts'

export interface Difference {
  readonly because: string
  /** The file's name without its ending; without it, every one. */
  readonly conversation?: string
  readonly api?: string
  readonly shows?: string
  readonly versions?: readonly number[]
  /** Where in the answer; without it, the whole answer. */
  readonly at?: string
  /** Only where Kafka answered this; `<any>` stands for any value. */
  readonly kafka?: Json
  /** `<absent>`: the element of an array is not there. */
  readonly ottla: Json
}

export class Differences {
  readonly #all: readonly Difference[]
  readonly #used = new Set<Difference>()

  constructor (lines: string) {
    this.#all = lines.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Difference)
  }

  /** What this broker is to answer where Kafka answered that. */
  expected (conversation: string, { step, version }: Heard, kafka: Json): Json {
    let answer = structuredClone(kafka)
    for (const difference of this.#all) {
      if (!concerns(difference, conversation, step, version)) continue
      const { at, ottla } = difference
      const isThere = (value: Json | undefined): boolean => value !== undefined &&
        (difference.kafka === undefined || isLike(value, difference.kafka))
      if (at === undefined) {
        if (!isThere(answer)) continue
        answer = ottla
        this.#used.add(difference)
      } else if (find(answer, at) !== undefined) {
        replace(answer, at, value => {
          if (!isThere(value)) return value
          this.#used.add(difference)
          return ottla
        })
      }
    }
    return withoutAbsent(answer)
  }

  get unused (): readonly Difference[] {
    return this.#all.filter(difference => !this.#used.has(difference))
  }

  get size (): number { return this.#all.length }
}

function concerns (
  { conversation, api, shows, versions }: Difference, name: string, step: Heard['step'], version: number | undefined
): boolean {
  return (conversation === undefined || conversation === name) &&
    (api === undefined || (step.do === 'ask' && step.api === api)) &&
    (shows === undefined || step.shows === shows) &&
    (versions === undefined || (version !== undefined && versions.includes(version)))
}

const ABSENT = '<absent>'

function withoutAbsent (json: Json): Json {
  if (Array.isArray(json)) return json.filter(each => each !== ABSENT).map(withoutAbsent)
  if (json === null || typeof json !== 'object') return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, withoutAbsent(value)])
  )
}

function isLike (value: Json | undefined, pattern: Json): boolean {
  if (pattern === '<any>') return value !== undefined
  if (pattern === null || typeof pattern !== 'object') return value === pattern
  if (value === null || typeof value !== 'object') return false
  const keys = Object.keys(pattern)
  return keys.length === Object.keys(value).length &&
    keys.every(key =>
      isLike((value as Record<string, Json>)[key], (pattern as Record<string, Json>)[key] as Json))
}
