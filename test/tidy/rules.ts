/**
 * The rules of docs/rules, and where they are cited: what a source names must be there. What a
 * citation looks like is defined in docs/rules/README.md, and here.
 */
import { posix } from 'node:path'
import { scan } from './scanner.ts'
import type { Source } from './sources.ts'

/** Each is a file of docs/rules. */
const SUBJECTS = [
  'data', 'groups', 'transactions', 'correctness', 'storage', 'clients', 'drop-in', 'style',
] as const
type Subject = (typeof SUBJECTS)[number]

/** The rules and sections of each subject. */
export type Rules = ReadonlyMap<Subject, ReadonlySet<string>>

/** Where a number may stand without its subject, and whose it is there. */
const ROOMS: ReadonlyArray<[RegExp, Subject]> = [
  [/^(?:src|test)\/(?:core\/group|runtime\/coordinator)\//, 'groups'],
  [/^(?:src|test)\/apis\/(?:08|09|1[0-6]|42|47)-/, 'groups'],
  [/^(?:src|test)\/core\/(?:controller|metadata|quorum|replica)\//, 'correctness'],
  [/^(?:src|test)\/runtime\//, 'correctness'],
  [/^test\/simulation\//, 'correctness'],
  [/^(?:src|test)\/store\//, 'storage'],
]

const ID = String.raw`(?:D|P|R-[A-Z])?\d+(?:\.\d+)*`
/** By a heading, or in bold: where an item or a row begins, and `R-S2` anywhere. */
const DECLARED = new RegExp(String.raw`^(?:#+ (${ID}) |(?:- |\| )\*\*(${ID})\*\* )|\*\*(R-[A-Z]\d+)\*\*`, 'gm')

function declaredIn (text: string): string[] {
  return [...text.matchAll(DECLARED)].map(
    ([, heading, item, inText]) => (heading ?? item ?? inText) as string
  )
}

export function rulesOf (files: readonly Source[]): Rules {
  return new Map(SUBJECTS.map(subject => {
    const file = files.find(({ path }) => path === `docs/rules/${subject}.md`)
    return [subject, new Set(declaredIn(file?.text ?? ''))]
  }))
}

/** A rule that is there twice: nobody knows which of them is cited. */
export function declaredTwice (files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const rules = declaredIn(text)
    return rules.filter((rule, index) => rules.indexOf(rule) !== index)
      .map(rule => `${path}:1 ${rule} is there twice`)
  })
}

/** No part of a longer number, of a version such as 4.0-IV1, or of a word. */
const END = String.raw`(?![\w/]|\.\d|-[A-Z])`
const POINTED = String.raw`\d{1,2}\.\d{1,2}(?:\.\d{1,2})?`
/** `D5.14`, `D13.9-17`: a whole section without a point. */
const DATA = new RegExp(String.raw`(?<![\w.-])(D\d{1,2}(?:\.\d{1,2})?)${END}`, 'g')
/** `R-S2`, `P5`. */
const LETTERS = /(?<![\w.-])(R-[A-Z]\d{1,2}|P\d{1,2})(?![\w.-])/g
/** `groups 4.1.3`, `storage.md 4`, `clients 6.15`; `R 2.4.3` is correctness 2.4.3. */
const NAMED = new RegExp(String.raw`(?<![\w/.-])(R|${SUBJECTS.join('|')})(?:\.md)? (\d{1,2}(?:\.\d{1,2}){0,2})${END}`, 'gi')
/** A number alone; behind a name (Kafka 4.4) it is a version. */
const ALONE = new RegExp(String.raw`(?<![\w.-]|[A-Z]\w* )(${POINTED})${END}`, 'g')
/** The same where only a rule can be meant: it begins a comment, or fills a bracket. */
const OBVIOUS = new RegExp(String.raw`(?:^(?:/\*\*?|//)\s*(?:\*\s+)?|\()(${POINTED})${END}(?=[:,)])`, 'g')

/** A test's name that begins with the rules that it shows. */
const NAMES_RULES = new RegExp(`^['"\`]${POINTED}(?:-\\d+)?(?=[:, ])`)

interface Citation {
  readonly subject: Subject | undefined
  readonly rule: string
  readonly index: number
}

/** The rules that a text cites; `room`: whose its numbers are that stand alone. */
function citationsIn (text: string, room: Subject | undefined, isProse: boolean): Citation[] {
  const found: Citation[] = []
  const add = (subject: Subject | undefined, rule: string, index: number): void => {
    if (found.some(other => other.index === index)) return
    found.push({ subject, rule, index })
    const last = /^-(\d{1,2})(?![\w.])/.exec(text.slice(index + rule.length))?.[1]
    if (last === undefined || !rule.includes('.')) return
    found.push({ subject, rule: rule.slice(0, rule.lastIndexOf('.') + 1) + last, index: index + rule.length })
  }
  const all = (pattern: RegExp, subject: Subject | undefined, before = Infinity): void => {
    for (const match of text.matchAll(pattern)) {
      const rule = match[1] as string
      const index = match.index + match[0].length - rule.length
      if (index < before) add(subject, rule, index)
    }
  }
  all(DATA, 'data')
  all(LETTERS, 'correctness')
  for (const match of text.matchAll(NAMED)) {
    const [whole, name = '', rule = ''] = match
    const subject = name.toUpperCase() === 'R' ? 'correctness' : name.toLowerCase() as Subject
    add(subject, rule, match.index + whole.length - rule.length)
  }
  if (isProse) all(room === undefined ? OBVIOUS : ALONE, room)
  // A test's name begins with the rules that it shows.
  else if (room !== undefined && NAMES_RULES.test(text)) all(ALONE, room, text.indexOf(':') + 1 || Infinity)
  return found
}

/** The comments of a source and, of a test, its strings; of any other file the text. */
function textsOf ({ path, text }: Source): Array<{ text: string, line: number, isProse: boolean }> {
  if (!path.endsWith('.ts')) return text.split('\n').map((text, index) => ({ text, line: index + 1, isProse: false }))
  const isTest = path.startsWith('test/')
  return scan(text)
    .filter(({ kind }) => kind === 'comment' || (isTest && (kind === 'string' || kind === 'template')))
    .map(({ kind, text, line }) => ({ text, line, isProse: kind === 'comment' }))
}

/** The citations of rules that are not there, and numbers of which nobody knows whose they are. */
export function unknownRules (sources: readonly Source[], rules: Rules): string[] {
  const isAny = (rule: string): boolean => [...rules.values()].some(known => known.has(rule))
  return sources.flatMap(source => {
    const room = ROOMS.find(([pattern]) => pattern.test(source.path))?.[1]
    return textsOf(source).flatMap(({ text, line, isProse }) =>
      citationsIn(text, room, isProse).flatMap(({ subject, rule, index }) => {
        const place = `${source.path}:${line + text.slice(0, index).split('\n').length - 1}`
        if (subject === undefined) return isAny(rule) ? [`${place} ${rule}: say whose rule it is`] : []
        return rules.get(subject)?.has(rule) === true ? [] : [`${place} ${rule} is not in docs/rules/${subject}.md`]
      }))
  })
}

/** How many citations there are: a law that finds none looks at nothing. */
export function countCitations (sources: readonly Source[]): number {
  return sources.reduce((count, source) => {
    const room = ROOMS.find(([pattern]) => pattern.test(source.path))?.[1]
    return count +
      textsOf(source).reduce(
        (sum, { text, isProse }) => sum + citationsIn(text, room, isProse).length, 0
      )
  }, 0)
}

/** Links to what is not in the repository; `exists` takes a path from the root. */
export function linksToNowhere (
  files: readonly Source[], exists: (path: string) => boolean
): string[] {
  return files.flatMap(({ path, text }) => [...text.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !target.startsWith('https:') && !exists(posix.join(posix.dirname(path), target)))
    .map(target => `${path}:1 leads to ${target}`))
}
