/**
 * Loads of partitions, so many at once and so many in a turn of the event loop: whoever asks for
 * all of them holds up nobody else, and has no more memory than a few loads take.
 */
import type { Clock } from '../environment.ts'

/** Each reads 4 MB at a time. */
const LOADS_AT_ONCE = 16
/** Some milliseconds of reading what is at hand. */
const LOADS_IN_A_TURN = 32

export class LoadTurns {
  readonly #clock: Pick<Clock, 'atTurnEnd'>
  readonly #waiting: Array<() => void> = []
  #running = 0
  #begunInTurn = 0

  constructor (clock: Pick<Clock, 'atTurnEnd'>) { this.#clock = clock }

  /** At once, or when others have ended and a turn has room; first come, first served. */
  run (load: () => Promise<void>): Promise<void> {
    if (this.#hasRoom) return this.#begin(load)
    return new Promise(
      (resolve, reject) => { this.#waiting.push(() => { this.#begin(load).then(resolve, reject) }) }
    )
  }

  get #hasRoom (): boolean {
    return this.#running < LOADS_AT_ONCE && this.#begunInTurn < LOADS_IN_A_TURN
  }

  #begin (load: () => Promise<void>): Promise<void> {
    this.#running++
    if (this.#begunInTurn++ === 0) {
      this.#clock.atTurnEnd(() => {
        this.#begunInTurn = 0
        this.#next()
      })
    }
    return load().finally(() => {
      this.#running--
      this.#next()
    })
  }

  #next (): void {
    while (this.#hasRoom) {
      const begin = this.#waiting.shift()
      if (begin === undefined) return
      begin()
    }
  }
}
