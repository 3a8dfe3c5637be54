/**
 * The connections of one listener that have come and are not let in yet, in their order: while the
 * listener has had too many a second, or there is no room (KIP-402, KIP-612).
 */
import type { Socket } from 'node:net'
import type { Admission } from './admission.ts'
import { plainAddress } from './connection.ts'

export interface DoorwayOptions {
  readonly listener: string
  readonly admission: Admission
  nowMs (): number
  /** Takes a connection that is let in and counted. */
  admit (socket: Socket): void
}

/** As many as a system lets wait for a process that does not take them; more are turned away. */
const WAITING_MAX = 511

export class Doorway {
  readonly #options: DoorwayOptions
  readonly #waiting: Socket[] = []
  /** Each until its time to be closed has come. */
  readonly #refused = new Set<Socket>()
  /** The first has been counted: its wait for a rate is over, or goes on. */
  #isCounted = false
  #delay: NodeJS.Timeout | undefined
  #isClosed = false

  constructor (options: DoorwayOptions) { this.#options = options }

  arrive (socket: Socket): void {
    if (this.#isClosed || this.#waiting.length >= WAITING_MAX) {
      socket.destroy()
      return
    }
    socket.on('error', ignore)
    this.#waiting.push(socket)
    this.#open()
  }

  close (): void {
    this.#isClosed = true
    clearTimeout(this.#delay)
    for (const socket of [...this.#waiting.splice(0), ...this.#refused]) socket.destroy()
  }

  #open (): void {
    const { listener, admission, nowMs } = this.#options
    while (this.#delay === undefined && this.#waiting.length > 0) {
      if (!this.#isCounted) {
        this.#isCounted = true
        const delayMs = admission.delayMs(listener, nowMs())
        if (delayMs > 0) {
          this.#delay = setTimeout(() => {
            this.#delay = undefined
            this.#open()
          }, delayMs)
          return
        }
      }
      if (!admission.hasRoom(listener)) {
        admission.onceRoom(this.#onRoom)
        return
      }
      this.#isCounted = false
      this.#letIn(this.#waiting.shift() as Socket)
    }
  }

  readonly #onRoom = (): void => { this.#open() }

  #letIn (socket: Socket): void {
    if (socket.destroyed) return
    const { listener, admission, nowMs, admit } = this.#options
    const admitted = admission.enter(listener, plainAddress(socket.remoteAddress), nowMs())
    if (admitted.isIn) {
      socket.removeListener('error', ignore)
      admit(socket)
    } else if (admitted.closeAfterMs === 0) socket.destroy()
    else this.#closeAfter(socket, admitted.closeAfterMs)
  }

  #closeAfter (socket: Socket, delayMs: number): void {
    this.#refused.add(socket)
    setTimeout(() => {
      this.#refused.delete(socket)
      socket.destroy()
    }, delayMs).unref()
  }
}

function ignore (): void { /* 'close' follows */ }
