/** Reads the text form of a conversation. A line that it does not know is refused by number. */
import type { Json } from '../../../protocol/json.ts'
import { CLIENT_ID, CONNECTION } from './form.ts'
import type { Answer, Ask, Bytes, Conversation, Rule, Step, Take } from './form.ts'

export function parse (text: string): Conversation {
  const lines = text.split('\n')
  const reader = new Lines(lines)
  const about: string[] = []
  const settings: Array<[string, string]> = []
  const steps: Step[] = []
  for (let line = reader.take(); line !== undefined; line = reader.take()) {
    if (line === '') continue
    try {
      if (line.startsWith('set ')) settings.push(pair(line.slice(4)))
      else if (line.startsWith('# ')) steps.push(answered(line.slice(2), reader))
      else if (steps.length === 0 && settings.length === 0 && !isVerb(line)) about.push(line)
      else steps.push(plain(line))
    } catch (error) {
      throw new SyntaxError(`line ${reader.number}: ${(error as Error).message}`, { cause: error })
    }
  }
  return { about, settings, steps }
}

class Lines {
  readonly #lines: readonly string[]
  number = 0

  constructor (lines: readonly string[]) { this.#lines = lines }

  take (): string | undefined { return this.#lines[this.number++]?.trimEnd() }

  /** The next line, if it starts so. */
  peek (): string { return this.#lines[this.number]?.trimEnd() ?? '' }

  /** This line and the indented ones below it, as one. */
  whole (first: string): string {
    let text = first
    while (/^\s+\S/.test(this.peek())) text += `\n${this.take()}`
    return text
  }
}

function isVerb (line: string): boolean { return /^(?:topic|coordinator|wait|close|--) /.test(line) }

function plain (line: string): Step {
  const [verb = '', ...words] = line.split(' ')
  switch (verb) {
    case '--': return { do: 'note', text: line.slice(3) }
    case 'wait': return { do: 'wait', ms: Number(words[0]) }
    case 'close': return { do: 'close', on: words[0] as string }
    case 'coordinator': return { do: 'coordinator', group: words[0] as string }
    case 'topic': {
      const pairs = words.slice(1).map(pair)
      const partitions = Number(pairs.find(([name]) => name === 'partitions')?.[1] ?? 1)
      return {
        do: 'topic', name: words[0] as string, partitions, configs: pairs.filter(([name]) => name !== 'partitions'),
      }
    }
    default: throw new SyntaxError(`no step: ${line}`)
  }
}

function pair (text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 0) throw new SyntaxError(`no name=value: ${text}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function answered (shows: string, reader: Lines): Step {
  const verb = reader.take() ?? ''
  const rules: Rule[] = []
  const answers: Answer[] = []
  let request: Json | undefined
  for (;;) {
    const next = reader.peek()
    if (next === '') break
    reader.take()
    if (next.startsWith('> ')) request = JSON.parse(reader.whole(next.slice(2)))
    else if (next.startsWith('< ')) answers.push(answer(reader.whole(next.slice(2))))
    else rules.push(rule(next))
  }
  return stepOf(verb, { shows, rules, answers }, request)
}

function stepOf (
  verb: string, common: { shows: string, rules: Rule[], answers: Answer[] },
  request: Json | undefined
): Ask | Bytes | Take {
  const words = verb.split(' ')
  const [first = '', second = ''] = words
  const option = (name: string): string | undefined => {
    const at = words.indexOf(name)
    return at < 2 ? undefined : words[at + 1]
  }
  if (first === 'take') return { do: 'take', later: second, now: words[2] === 'now', ...common }
  const on = option('on') ?? CONNECTION
  if (first === 'bytes' || first === 'frame') {
    const at = words.indexOf('reads')
    const reads = at < 0
      ? {}
      : { reads: { api: words[at + 1] as string, version: Number(words[at + 2]) } }
    return { do: 'bytes', hex: second, framed: first === 'frame', on, ...reads, ...common }
  }
  if (request === undefined) throw new SyntaxError(`${verb} without a request`)
  const later = option('later')
  const as = / as ("(?:[^"\\]|\\.)*"|null)/.exec(verb)?.[1]
  return {
    do: 'ask',
    api: first,
    versions: versionsOf(second),
    on,
    clientId: as === undefined ? CLIENT_ID : JSON.parse(as),
    ...later === undefined ? {} : { later },
    silent: words.includes('silent', 2),
    request,
    ...common,
  }
}

function versionsOf (text: string): number[] {
  return text.split(',').flatMap(range => {
    const [from, to] = range.split('-').map(Number)
    if (from === undefined || Number.isNaN(from)) throw new SyntaxError(`no versions: ${text}`)
    return Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i)
  })
}

function answer (text: string): Answer {
  const [, versions, rest = ''] = /^(?:([\d,-]+): )?([^]*)$/.exec(text) ?? []
  return {
    versions: versions === undefined ? [] : versionsOf(versions),
    answer: rest === 'closed' || rest === 'nothing' ? rest : JSON.parse(rest),
  }
}

function rule (line: string): Rule {
  const [, verb, rest = ''] = /^(let|any|clock|sort|until|without) (.*)$/.exec(line) ?? []
  const parts = (separator: string): [string, string] => {
    const at = rest.indexOf(separator)
    if (at < 0) throw new SyntaxError(`${verb} without "${separator.trim()}": ${line}`)
    return [rest.slice(0, at), rest.slice(at + separator.length)]
  }
  switch (verb) {
    case 'let': {
      const [name, path] = parts(' = ')
      return { rule: 'let', name, path }
    }
    case 'any': {
      const [path, because] = parts(': ')
      return { rule: 'any', path, because }
    }
    case 'without': {
      const [place, because] = parts(': ')
      const [path = '', field = '', is = ''] = place.split(' ')
      return { rule: 'without', path, field, is, because }
    }
    case 'clock': return { rule: 'clock', path: rest }
    case 'sort': {
      const [path, by] = parts(' by ')
      return { rule: 'sort', path, by }
    }
    case 'until': {
      const [path, is] = parts(' = ')
      return { rule: 'until', path, is: JSON.parse(is) }
    }
    default: throw new SyntaxError(`no rule: ${line}`)
  }
}
