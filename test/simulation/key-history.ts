/**
 * What became of each key of a compacted topic: its values in the order in which they were written,
 * since only one producer writes a key and sends in order, and what a reader of the log must see.
 */
import { isTombstone, keyNameOf } from './clients/records.ts'
import { History } from './history.ts'
import type { Operation } from './history.ts'

/** One value of a key, or its tombstone. */
interface Attempt { readonly operation: Operation, readonly index: number, readonly name: string }

export interface KeyRules {
  /** False: taken back by a power loss, so it never was. */
  survives (log: string, offset: number, life: number): boolean
}

export interface ReadingRules {
  readonly tombstonesSinceMs: number
  /**
   * A reading that began after the tombstone had gone never sees what it stood for: once is
   * excused.
   */
  mayBeOutdated (key: string, name: string): boolean
}

export class KeyHistory extends History {
  readonly #rules: KeyRules
  /** By log and key, oldest first. */
  readonly #attempts = new Map<string, Map<string, Attempt[]>>()

  constructor (rules: KeyRules) {
    super()
    this.#rules = rules
  }

  override add (operation: Operation): void {
    super.add(operation)
    const keys = this.#attempts.get(operation.key) ?? new Map<string, Attempt[]>()
    this.#attempts.set(operation.key, keys)
    for (const [index, { value: name }] of operation.values.entries()) {
      const key = keyNameOf(name) ?? ''
      const known = keys.get(key)
      const attempt = { operation, index, name }
      if (known === undefined) keys.set(key, [attempt])
      else known.push(attempt)
    }
  }

  /** Of each key of the log, the last attempt that is acknowledged by now; -1: none. */
  acknowledged (log: string): Map<string, number> {
    const last = new Map<string, number>()
    for (const [key, attempts] of this.#attempts.get(log) ?? []) {
      last.set(key, attempts.findLastIndex(attempt => this.#holds(log, attempt)))
    }
    return last
  }

  #holds (log: string, { operation, index }: Attempt): boolean {
    const offset = operation.values[index]?.offset
    return operation.outcome === 'ok' && offset !== undefined && this.#rules.survives(log, offset, operation.life)
  }

  /**
   * What is wrong with a reading of the whole log that began when `acknowledged` held: each key's
   * last name must be that or a later one. A tombstone that was written after `tombstonesSinceMs`
   * must still be there, so that whoever read the value before it learns that it is gone; where it
   * need not, a slow reader may have met the value before and come too late for the tombstone.
   */
  problem (
    log: string, acknowledged: ReadonlyMap<string, number>, lastNames: ReadonlyMap<string, string>,
    { tombstonesSinceMs, mayBeOutdated }: ReadingRules
  ): string | undefined {
    for (const [key, least] of acknowledged) {
      const attempts = this.#attempts.get(log)?.get(key) ?? []
      const name = lastNames.get(key)
      const found = name === undefined ? -1 : attempts.findIndex(attempt => attempt.name === name)
      if (name !== undefined && found < 0) return `${key} is ${name}, which nobody wrote`
      if (attempts[found]?.operation.outcome === 'fail') return `${key} is ${name}, which was refused`
      if (found >= least) continue
      const last = attempts[least] as Attempt
      const isOver = attempts.slice(least).some(({ name: later, operation }) =>
        isTombstone(later) && operation.atMs <= tombstonesSinceMs)
      if (name !== undefined) {
        if (isOver && mayBeOutdated(key, name)) continue
        return `${key} is ${name}, and was ${last.name} before`
      }
      if (!attempts.slice(least).some(attempt => isTombstone(attempt.name))) return `${key} was ${last.name}, and is gone`
      if (isTombstone(last.name) && last.operation.atMs > tombstonesSinceMs) {
        return `the tombstone ${last.name} is gone before its time`
      }
    }
    return undefined
  }
}
