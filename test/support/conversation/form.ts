/**
 * The text form of a conversation: what is sent to a broker, step by step, and what Apache Kafka
 * answered. `read` and `write` are inverse, so that a recording changes nothing but the answers.
 * The form itself is explained in test/conversations/README.md.
 */
import type { Json } from '../../../protocol/json.ts'
import { laid } from './layout.ts'

export interface Conversation {
  /** What the file is about, in words. */
  readonly about: readonly string[]
  /** Broker settings, name and text; those of `ottla.` are kept from Apache Kafka. */
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>
  readonly steps: readonly Step[]
}

export type Step = Ask | Bytes | Take | Topic | Coordinator | Wait | Close | Note

/** Of every step that has an answer. */
export interface Answered {
  /** Names the assertion. */
  readonly shows: string
  readonly rules: readonly Rule[]
  answers: Answer[]
}

export interface Ask extends Answered {
  readonly do: 'ask'
  readonly api: string
  /** Sent once in each, in this order. */
  readonly versions: readonly number[]
  readonly on: string
  readonly clientId: string | null
  /** The answer is taken by a later step of this name. */
  readonly later?: string
  /** No answer is waited for. */
  readonly silent: boolean
  readonly request: Json
}

/** Bytes that no client would send. */
export interface Bytes extends Answered {
  readonly do: 'bytes'
  readonly hex: string
  /** With a size prefix of its own. */
  readonly framed: boolean
  readonly on: string
  readonly reads?: { readonly api: string, readonly version: number }
}

/** Takes the answer of a request that was sent before; `now`: does not wait for it. */
export interface Take extends Answered { readonly do: 'take', readonly later: string, readonly now: boolean }

/** Creates a topic and waits until it is open. Binds `$id.NAME`. */
export interface Topic {
  readonly do: 'topic'
  readonly name: string
  readonly partitions: number
  readonly configs: ReadonlyArray<readonly [name: string, value: string]>
}

/** Waits until the group's coordinator answers. */
export interface Coordinator { readonly do: 'coordinator', readonly group: string }
export interface Wait { readonly do: 'wait', readonly ms: number }
export interface Close { readonly do: 'close', readonly on: string }
export interface Note { readonly do: 'note', readonly text: string }

export type Rule =
  | { readonly rule: 'let', readonly name: string, readonly path: string }
  /** May differ, for this reason. */
  | { readonly rule: 'any', readonly path: string, readonly because: string }
  /** Milliseconds of now. */
  | { readonly rule: 'clock', readonly path: string }
  /**
   * Elements of an array that only one of the two knows, for this reason; `is` may be several,
   * `a|b`.
   */
  | { readonly rule: 'without', readonly path: string, readonly field: string, readonly is: string, readonly because: string }
  /** An array whose order means nothing, by a field of its elements (`.`: themselves). */
  | { readonly rule: 'sort', readonly path: string, readonly by: string }
  /** The request is sent again until the answer says so. */
  | { readonly rule: 'until', readonly path: string, readonly is: Json }

/** `closed`: the broker ends the connection. `nothing`: no answer comes. */
export interface Answer { readonly versions: readonly number[], readonly answer: Json }

export const CLIENT_ID = 'client'
const CONNECTION = 'a'

export function isAnswered (step: Step): step is Ask | Bytes | Take {
  return step.do === 'ask' || step.do === 'bytes' || step.do === 'take'
}

/** What was answered at this version; undefined where nothing is recorded. */
export function answerAt (step: Answered, version: number | undefined): Json | undefined {
  return step.answers.find(({ versions }) =>
    version === undefined || versions.length === 0 || versions.includes(version))?.answer
}

/** Every request of a step is one: a version each. */
export function requestsIn ({ steps }: Conversation): number {
  return steps.reduce((sum, step) => sum + (step.do === 'ask' ? step.versions.length : step.do === 'bytes' ? 1 : 0), 0)
}

// --- writing ---------------------------------------------------------------------------------

export function write ({ about, settings, steps }: Conversation): string {
  const head = [...about, ...settings.length === 0 ? [] : ['', ...settings.map(([name, value]) => `set ${name}=${value}`)]]
  const blocks = steps.map(blockOf)
  let text = head.join('\n') + '\n'
  let before: Step | undefined
  steps.forEach((step, i) => {
    const isLoose = before !== undefined && !isAnswered(before) && !isAnswered(step)
    text += `${isLoose ? '' : '\n'}${blocks[i]}\n`
    before = step
  })
  return text
}

function blockOf (step: Step): string {
  switch (step.do) {
    case 'note': return `-- ${step.text}`
    case 'wait': return `wait ${step.ms}`
    case 'close': return `close ${step.on}`
    case 'coordinator': return `coordinator ${step.group}`
    case 'topic': return ['topic', step.name, ...step.partitions === 1 ? [] : [`partitions=${step.partitions}`],
      ...step.configs.map(([name, value]) => `${name}=${value}`)].join(' ')
    default: return [`# ${step.shows}`, verbOf(step), ...step.rules.map(ruleOf), ...requestOf(step), ...answersOf(step)]
      .join('\n')
  }
}

function verbOf (step: Ask | Bytes | Take): string {
  if (step.do === 'take') return `take ${step.later}${step.now ? ' now' : ''}`
  const on = step.on === CONNECTION ? '' : ` on ${step.on}`
  if (step.do === 'bytes') {
    const reads = step.reads === undefined ? '' : ` reads ${step.reads.api} ${step.reads.version}`
    return `${step.framed ? 'frame' : 'bytes'} ${step.hex}${on}${reads}`
  }
  const as = step.clientId === CLIENT_ID ? '' : ` as ${JSON.stringify(step.clientId)}`
  const later = step.later === undefined ? '' : ` later ${step.later}`
  return `${step.api} ${rangesOf(step.versions)}${on}${as}${later}${step.silent ? ' silent' : ''}`
}

function ruleOf (rule: Rule): string {
  switch (rule.rule) {
    case 'let': return `let ${rule.name} = ${rule.path}`
    case 'any': return `any ${rule.path}: ${rule.because}`
    case 'without': return `without ${rule.path} ${rule.field} ${rule.is}: ${rule.because}`
    case 'clock': return `clock ${rule.path}`
    case 'sort': return `sort ${rule.path} by ${rule.by}`
    case 'until': return `until ${rule.path} = ${JSON.stringify(rule.is)}`
  }
}

function requestOf (step: Ask | Bytes | Take): string[] {
  return step.do === 'ask' ? [`> ${laid(step.request)}`] : []
}

function answersOf (step: Ask | Bytes | Take): string[] {
  return step.answers.map(({ versions, answer }) => {
    const isAll = step.answers.length === 1
    const at = isAll || versions.length === 0 ? '' : `${rangesOf(versions)}: `
    return `< ${at}${typeof answer === 'string' ? answer : laid(answer)}`
  })
}

/** `0-3,5`: what follows without a gap is a range. */
function rangesOf (versions: readonly number[]): string {
  const ranges: string[] = []
  for (let i = 0; i < versions.length; i++) {
    const from = versions[i] as number
    while (versions[i + 1] === (versions[i] as number) + 1) i++
    ranges.push(versions[i] === from ? `${from}` : `${from}-${versions[i]}`)
  }
  return ranges.join(',')
}

/** Answers of several versions, each equal one said once. */
export function gathered (
  answers: ReadonlyArray<{ version: number | undefined, answer: Json }>
): Answer[] {
  const found = new Map<string, { versions: number[], answer: Json }>()
  for (const { version, answer } of answers) {
    const text = JSON.stringify(answer)
    let at = found.get(text)
    if (at === undefined) found.set(text, at = { versions: [], answer })
    if (version !== undefined) at.versions.push(version)
  }
  return [...found.values()]
}

export { CONNECTION }
