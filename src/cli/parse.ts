/**
 * The arguments' own small languages: numbers, settings, moments, partitions. They throw
 * UsageError.
 */
import { UsageError } from './error.ts'

/** What commander calls for each value of an option that may be repeated. */
export function collect (value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

export function integer (
  name: string, least: number, most: number = Number.MAX_SAFE_INTEGER
): (text: string) => number {
  return text => {
    const number = Number(text)
    if (/^[+-]?\d+$/.test(text) && number >= least && number <= most) return number
    throw new UsageError(`${name} ${text}: give a whole number ${most === Number.MAX_SAFE_INTEGER
      ? `of at least ${least}`
      : `from ${least} to ${most}`}`)
  }
}

export function offset (name: string): (text: string) => bigint {
  return text => {
    if (/^[+-]?\d{1,19}$/.test(text)) return BigInt(text)
    throw new UsageError(`${name} ${text}: give a whole number`)
  }
}

/** `name=value`, the value as it is and possibly empty. */
export function settings (
  name: string, texts: readonly string[]
): Array<{ name: string, value: string }> {
  return texts.map(text => {
    const at = text.indexOf('=')
    if (at < 1) throw new UsageError(`${name} ${text}: give name=value, for example ${name} retention.ms=3600000`)
    return { name: text.slice(0, at), value: text.slice(at + 1) }
  })
}

/**
 * ISO 8601 with or without a zone (without one: UTC, as Kafka's tools), or `@` and milliseconds.
 */
export function moment (name: string): (text: string) => number {
  return text => {
    if (/^@\d{1,15}$/.test(text)) return Number(text.slice(1))
    const parts = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text)
    const [, day = '', time = '00:00', zone = 'Z'] = parts ?? []
    const at = Date.parse(`${day}T${time}${zone.replace(/^(.\d\d)(\d\d)$/, '$1:$2')}`)
    if (parts !== null && !Number.isNaN(at) && isDay(day)) return at
    throw new UsageError(`${name} ${text}: give a time such as 2026-01-31T15:00:00Z, or @ and milliseconds`)
  }
}

/** What reads dates takes the 30th of February for the 2nd of March. */
function isDay (day: string): boolean { return new Date(`${day}T00:00Z`).toISOString().startsWith(day) }

const DAY_MS = 86_400_000

/** ISO 8601 as Kafka's tools take it: P7D, PT1H30M. In ms. */
export function duration (name: string): (text: string) => number {
  return text => {
    const parts = /^P(?=.)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text)
    if (parts === null) throw new UsageError(`${name} ${text}: give a duration such as P7D or PT1H30M`)
    const [days = 0, hours = 0, minutes = 0, seconds = 0] =
      parts.slice(1).map(part => Number(part ?? 0))
    return days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + Math.round(seconds * 1000)
  }
}

export interface TopicSelection {
  readonly topic: string
  /** Undefined: all of them. */
  readonly partitions: readonly number[] | undefined
}

/** `orders` or `orders:0,2`. */
export function topicSelection (text: string): TopicSelection {
  const [topic = '', list, ...rest] = text.split(':')
  if (topic === '' || rest.length > 0 || (list !== undefined && !/^\d+(?:,\d+)*$/.test(list))) {
    throw new UsageError(`--topic ${text}: give a name, or a name and partitions such as orders:0,2`)
  }
  return { topic, partitions: list?.split(',').map(Number) }
}
