/** Words that a room may not say, and words that no room may. */
import type { Token } from './scanner.ts'
import { codeOf, scan } from './scanner.ts'
import type { Law, Source } from './sources.ts'
import { inFolder } from './sources.ts'

/** What would let the clock, chance or the world into the rules. */
const IMPURE = new Set([
  'Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process', 'async', 'await',
  'Promise', 'console', 'globalThis', 'crypto', 'WeakRef', 'FinalizationRegistry',
])

export const coreIsPure: Law = sources => breaches(inFolder(sources, 'src/core'), (tokens, index) => {
  const { text } = tokens[index] as Token
  if (text === 'random' && tokens[index - 2]?.text === 'Math') return true
  return IMPURE.has(text) && isFree(tokens, index)
})

/**
 * What blocks the loop for a disk, loses a commit, or crashes: measured in storage.md 3.1 and 5.
 */
const BANNED_IN_STORE = new Set(['putSync', 'transactionSync', 'getAsync', 'getBFAsync', 'noSync', 'useWritemap'])

export const storeKeepsItsPath: Law = sources => breaches(inFolder(sources, 'src/store'), (tokens, index) =>
  BANNED_IN_STORE.has(tokens[index]?.text as string))

/** A test that runs alone hides the others; one that never runs needs a reason in words. */
export const everyTestRuns: Law = sources => breaches(inFolder(sources, 'test'), (tokens, index) => {
  const { text } = tokens[index] as Token
  const isMember = tokens[index - 1]?.text === '.'
  const next = tokens[index + 1]?.text
  if (text === 'only') return (isMember && next === '(') || next === ':'
  if (text !== 'skip' && text !== 'todo') return false
  return (isMember && next === '(') || (next === ':' && tokens[index + 2]?.text === 'true')
})

/**
 * What is an object's own bears a `#`: `private` hides nothing at run time, but of constructors.
 */
export const ownMembersBearAHash: Law = sources => breaches([...sources], (tokens, index) => {
  const { text } = tokens[index] as Token
  const next = tokens[index + 1]
  if (text !== 'private' && text !== 'protected') return false
  return next?.text !== 'constructor' && (next?.kind === 'word' || next?.text === '*') && isFree(tokens, index)
})

/** What is left to do is not built. */
export const nothingIsLeftToDo: Law = sources => sources.flatMap(({ path, text }) =>
  scan(text).filter(({ kind, text }) => kind === 'comment' && /\b(?:TODO|FIXME|XXX|HACK)\b/.test(text))
    .map(({ line, text }) => `${path}:${line} ${text}`))

/** Where one machine keeps its files; the places inside the image are no one's machine. */
const MACHINE = /(?:^|[^\w.])(?:\/(?:work|root|Users|mnt\/c)\/\w|\/home\/(?!appuser\b|node\b)\w|[A-Z]:\\+Users)/

/** Reads any text, not only TypeScript. */
export const noMachineIsNamed: Law = sources => sources.flatMap(({ path, text }) =>
  text.split('\n').flatMap((line, index) => MACHINE.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : []))

/** Every file says first what it is for; a message says it above the message. */
export const everyFileOpensWithItsPurpose: Law = sources => sources.filter(({ path, text }) =>
  !/^(?:test|protocol\/messages)\//.test(path) && scan(text)[0]?.kind !== 'comment')
  .map(({ path }) => `${path}:1 opens without a comment`)

/**
 * Who reads the wall clock, and what for: whatever is waited for goes by the clock that nobody
 * sets.
 */
const WALL_CLOCK: ReadonlyMap<string, string> = new Map([
  ['src/process-environment.ts', 'gives it'],
  ['src/cli/terminal.ts', 'gives it'],
  ['src/cli/records/produce.ts', 'timestamps of records'],
  ['src/cli/groups/reset.ts', 'a moment of the past'],
  ['src/cli/dump/dump.ts', 'gives it to the store'],
  ['src/server', 'is given the monotonic clock under this name'],
  ['src/runtime/timers.ts', 'moves deadlines along when it is set'],
  ['src/runtime/coordinator/coordinator.ts', 'deadlines of `Timers`, and timestamps of records'],
  ['src/runtime/quorum/running.ts', 'timestamps of snapshots, and those that DescribeQuorum tells'],
  ['src/runtime/quorum/effects.ts', 'timestamps of records'],
  ['src/runtime/replica', 'timestamps of records, and ages by them'],
  ['src/runtime/cleaner', 'ages by timestamps of records'],
  ['src/store/volumes.ts', 'when a volume was begun, which is stored'],
  ['src/store/retention.ts', 'the age of a volume'],
  ['src/store/rewrite.ts', 'as long as no clock is set: a pass that went on a moment ago'],
  ['src/store/lock.ts', 'compares with what another process has written'],
])
/** Their times are the monotonic clock's alone. */
const WITHOUT_WALL_CLOCK = ['src/core/quorum', 'src/core/controller', 'src/runtime/controller']

/** A clock that somebody sets is no timer: fault or hang would follow. */
export const timeoutsAreMonotonic: Law = sources => breaches(inFolder(sources, 'src'), (tokens, index) => {
  const { text } = tokens[index] as Token
  if (text === 'now') return tokens[index - 2]?.text === 'Date'
  return text === 'nowMs' && tokens[index + 1]?.text === '(' && tokens[index + 2]?.text === ')' &&
    tokens[index + 3]?.text !== ':'
}).filter(breach => ![...WALL_CLOCK.keys()].some(path => breach.startsWith(`${path}/`) || breach.startsWith(`${path}:`)))
  .concat(WITHOUT_WALL_CLOCK.flatMap(folder =>
    breaches(inFolder(sources, folder), (tokens, index) =>
      tokens[index]?.text === 'nowMs')))

function breaches (
  sources: Source[], isBreach: (tokens: Token[], index: number) => boolean
): string[] {
  return sources.flatMap(({ path, text }) => {
    const tokens = codeOf(text)
    return tokens.flatMap((token, index) =>
      token.kind === 'word' && isBreach(tokens, index) ? [`${path}:${token.line} ${token.text}`] : [])
  })
}

/** Whether a word stands for itself: no member, key or method of that name. */
function isFree (tokens: Token[], index: number): boolean {
  const before = tokens[index - 1]?.text
  return before !== '.' && before !== '?.'
}
