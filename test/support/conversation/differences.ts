/**
 * Where this broker deliberately answers otherwise than Apache Kafka: test/conversations/differences.jsonl,
 * a line each, with the reason. A line that no answer needs is out of date, and told.
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
  /** Only where Kafka answered this. */
  readonly kafka?: Json
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
        (difference.kafka === undefined || JSON.stringify(value) === JSON.stringify(difference.kafka))
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
    return answer
  }

  get unused (): readonly Difference[] { return this.#all.filter(difference => !this.#used.has(difference)) }

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
