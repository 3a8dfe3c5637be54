/**
 * Gathers the appends of a turn and writes them when it ends. Changes of a log other than an
 * append are turns of their own, written at once, so that only appends ever have to be taken back.
 */
import type { StoreEnvironment } from './contract.ts'
import { StoreError } from './error.ts'
import type { Guard } from './guard.ts'
import type { Journal } from './journal.ts'
import { kinds } from './journal-format.ts'
import type { Piece } from './tail.ts'
import { Turn } from './turn.ts'

const NOTHING = Buffer.alloc(0)

export class Writer {
  readonly turn = new Turn()
  /** Number of the last turn that is in the journal. */
  lastTurn = 0n
  /** R-S12: recovery replays turns of the volume's generation only; every open begins a new one. */
  generation = 0
  turns = 0
  bytesAppended = 0
  #scheduled = false
  readonly #journal: Journal
  readonly #guard: Guard
  readonly #environment: StoreEnvironment
  readonly #mutant: string | undefined
  readonly #wrote: (largeBytes: number) => void

  constructor (
    journal: Journal, guard: Guard, environment: StoreEnvironment, mutant: string | undefined,
    wrote: (largeBytes: number) => void
  ) {
    this.#journal = journal
    this.#guard = guard
    this.#environment = environment
    this.#mutant = mutant
    this.#wrote = wrote
  }

  /** The turn that takes this much more, written before when it is full. */
  turnFor (smallBytes: number, largeBytes: number): Turn {
    if (!this.turn.hasRoom(smallBytes, largeBytes)) this.writeTurn()
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#environment.atTurnEnd(() => {
        this.#scheduled = false
        this.writeTurn()
      })
    }
    return this.turn
  }

  /** Writes what has been gathered; the promises of the turn tell how it went. */
  writeTurn (): void {
    const { turn } = this
    if (turn.isEmpty) return
    if (this.#guard.failure !== undefined) return turn.refuse(this.#guard.failure)
    try {
      this.#write(turn)
    } catch (error) {
      return turn.refuse(error)
    }
    const { largeBytes } = turn
    if (this.#mutant === 'acknowledge-early') turn.settleWithoutSync()
    else turn.settle(this.#journal)
    this.#wrote(largeBytes)
  }

  #write (turn: Turn): void {
    const number = this.lastTurn + 1n
    const { bytes } = turn
    turn.write(this.#journal, this.generation, number)
    this.lastTurn = number
    this.turns++
    this.bytesAppended += bytes
  }

  /** Writes one change of a log as a turn of its own. Throws DISK_FULL or FAILED. */
  control (kind: number, log: number, offset: bigint): void {
    this.#writeAlone(() => { this.turn.addSmall(kind, log, offset, 0, NOTHING, 0, 0) })
  }

  /** The same for a new log; `check` tells whether its name was written whole. */
  create (log: number, reserve: boolean, name: Buffer, check: number): void {
    const flag = reserve ? 1n : 0n
    this.#writeAlone(() => {
      this.turn.addSmall(kinds.create, log, flag, check, name, 0, name.length)
    })
  }

  /** Writes a large batch that is copied forward; recovery passes over it. */
  copy (log: number, offset: bigint, piece: Piece): void {
    this.#writeAlone(() => { this.turn.addLarge(kinds.copy, log, offset, piece.epoch, piece) })
  }

  #writeAlone (add: () => void): void {
    this.writeTurn()
    if (this.#guard.failure !== undefined) throw this.#guard.failure
    add()
    try {
      this.#write(this.turn)
    } catch (error) {
      this.turn.refuse(error)
      throw error instanceof StoreError ? error : this.#guard.fail('a turn was not written', error)
    }
    this.turn.settle(this.#journal)
    this.#wrote(0)
  }
}
