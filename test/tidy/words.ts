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

/** What blocks the loop for a disk, loses a commit, or crashes: measured in storage.md 3.1 and 5. */
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

/** What is an object's own bears a `#`: `private` hides nothing at run time, but of constructors. */
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

function breaches (sources: Source[], isBreach: (tokens: Token[], index: number) => boolean): string[] {
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
