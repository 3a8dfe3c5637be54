/**
 * The checker of correctness.md 1.4, as far as one broker without transactions goes. It judges a
 * history whose keys are logs: what a power loss in default mode took back is left out first.
 */
import type { Operation } from './history.ts'

/** A reader may have been overtaken before whatever happened since. */
const ANY_LIFE = 0

export interface Finding { readonly rule: string, readonly detail: string }

/** The values of one key, in the order of their offsets. */
interface Version {
  readonly byIndex: string[]
  readonly first: Map<string, number>
  readonly last: Map<string, number>
}

export interface CheckerOptions {
  /** False: taken back by a power loss, so it never was. */
  survives (key: string, offset: number, life: number): boolean
  /** Values that retention has dropped need not be read. */
  isDropped (key: string, offset: number, life: number): boolean
  /** Whether everything acknowledged must have been read by now. */
  readonly isComplete: boolean
}

export function check (history: readonly Operation[], options: CheckerOptions): Finding[] {
  const keys = new Map<string, Operation[]>()
  for (const operation of history) {
    const kept = surviving(operation, options)
    const known = keys.get(operation.key)
    if (known === undefined) keys.set(operation.key, [kept])
    else known.push(kept)
  }
  return [...keys].flatMap(([key, operations]) => new KeyChecker(key, operations, options).check())
}

function surviving (operation: Operation, { survives }: CheckerOptions): Operation {
  const { key, life, values } = operation
  return {
    ...operation,
    values: values.filter(({ offset }) => offset === undefined || survives(key, offset, life)),
  }
}

class KeyChecker {
  readonly #key: string
  readonly #operations: readonly Operation[]
  readonly #options: CheckerOptions
  readonly #findings: Finding[] = []
  readonly #log: Array<Set<string> | undefined> = []
  readonly #read = new Set<string>()

  constructor (key: string, operations: readonly Operation[], options: CheckerOptions) {
    this.#key = key
    this.#operations = operations
    this.#options = options
  }

  check (): Finding[] {
    for (const { does, outcome, values } of this.#operations) {
      if (does === 'send' && outcome !== 'ok') continue
      for (const { offset, value } of values) {
        if (does === 'poll') this.#read.add(value)
        if (offset !== undefined) (this.#log[offset] ??= new Set()).add(value)
      }
    }
    const version = this.#version()
    this.#failedRead()
    this.#lostWrite(version)
    if (this.#options.isComplete) this.#unseen()
    this.#polls(version)
    this.#sends(version)
    return this.#findings
  }

  #found (rule: string, detail: string): void {
    this.#findings.push({ rule, detail: `${this.#key}: ${detail}` })
  }

  #version (): Version {
    const version: Version = { byIndex: [], first: new Map(), last: new Map() }
    for (const [offset, values] of this.#log.entries()) {
      if (values === undefined) continue
      if (values.size > 1) this.#found('inconsistent-offsets', `${offset} has ${[...values]}`)
      const [value] = values
      const index = version.byIndex.push(value as string) - 1
      if (version.first.has(value as string)) {
        this.#found('duplicate', `${value} is at index ${version.first.get(value as string)} and ${index}`)
      } else version.first.set(value as string, index)
      version.last.set(value as string, index)
    }
    return version
  }

  /** G1a: a write that failed for certain was read. */
  #failedRead (): void {
    for (const { does, outcome, values } of this.#operations) {
      if (does !== 'send' || outcome !== 'fail') continue
      for (const { value } of values) if (this.#read.has(value)) this.#found('G1a', value)
    }
  }

  #lostWrite ({ first, last }: Version): void {
    let bound = -1
    for (const value of this.#read) bound = Math.max(bound, first.get(value) ?? -1)
    for (const { does, outcome, values, life } of this.#operations) {
      if (does !== 'send' || outcome !== 'ok') continue
      for (const { value, offset } of values) {
        if (this.#read.has(value) || (last.get(value) ?? Infinity) > bound) continue
        if (offset !== undefined && this.#options.isDropped(this.#key, offset, life)) continue
        this.#found('lost-write', `${value} at ${offset}`)
      }
    }
  }

  #unseen (): void {
    for (const { does, outcome, values, life } of this.#operations) {
      if (does !== 'send' || outcome !== 'ok') continue
      for (const { value, offset } of values) {
        if (offset === undefined || this.#read.has(value)) continue
        if (this.#options.isDropped(this.#key, offset, life)) continue
        this.#found('unseen', `${value} at ${offset}`)
      }
    }
  }

  /** poll-skip and nonmonotonic-poll, between operations and inside of them. */
  #polls ({ first, byIndex }: Version): void {
    const positions = new Map<string, number>()
    for (const { does, process, values } of this.#operations) {
      if (does === 'assign') positions.delete(process)
      if (does !== 'poll') continue
      for (const { value } of values) {
        const index = first.get(value) as number
        const before = positions.get(process)
        positions.set(process, index)
        if (before === undefined || index === before + 1) continue
        if (index <= before) this.#found('nonmonotonic-poll', `${process}: ${value} after ${byIndex[before]}`)
        else if (!this.#isGapDropped(before + 1, index, byIndex)) {
          this.#found('poll-skip', `${process}: ${byIndex.slice(before + 1, index)}`)
        }
      }
    }
  }

  /** A reader that retention has overtaken goes on at the log's start. */
  #isGapDropped (from: number, to: number, byIndex: readonly string[]): boolean {
    const gap = new Set(byIndex.slice(from, to))
    return [...this.#log.entries()].every(([offset, values]) => {
      const [value] = values ?? []
      return value === undefined || !gap.has(value) ||
        this.#options.isDropped(this.#key, offset, ANY_LIFE)
    })
  }

  /** nonmonotonic-send: offsets follow the order in which a process sent. */
  #sends ({ first }: Version): void {
    const positions = new Map<string, { index: number, value: string }>()
    for (const { does, outcome, process, values, isIdempotent } of this.#operations) {
      // Of a plain producer only what was acknowledged is in order: the rest may come late.
      if (does !== 'send' || outcome === 'fail' || (outcome === 'info' && !isIdempotent)) continue
      for (const { value } of values) {
        const index = first.get(value)
        if (index === undefined) continue
        const before = positions.get(process)
        if (before !== undefined && index <= before.index) {
          this.#found('nonmonotonic-send', `${process}: ${value} lies before ${before.value}`)
        }
        positions.set(process, { index, value })
      }
    }
  }
}
