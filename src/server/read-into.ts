/**
 * Lets a socket read into memory of ours. Node gives every read of an accepted socket 64 KB of
 * its own: at 1 GB a second that is garbage to collect every 30 ms, and one more copy of every
 * byte; it cost a third of what a large Produce costs.
 *
 * Node has this as the option `onread` of sockets that connect. For one that was accepted, the
 * option must come with the accepted handle, which has no public name.
 */
import { Socket } from 'node:net'

export interface Reading {
  /** Where the next bytes shall go; asked after each read. */
  room (): Buffer
  /** So many bytes lie in the room now. */
  received (count: number): void
  /** Bytes that came in memory of their own, where the socket is not one of the system's. */
  push (chunk: Buffer): void
}

/** What node's accepted sockets have, and those of a simulation have not. */
interface WithHandle { _handle?: { useUserBuffer?: unknown, writeQueueSize?: number } | null }

/**
 * Of what was written, bytes that the system has not taken: less with each bit, not with each whole
 * write.
 */
export function unsentBytes (socket: Socket): number {
  return (socket as unknown as WithHandle)._handle?.writeQueueSize ?? socket.writableLength
}

/** The socket to go on with, instead of the one given, which must not have been read from. */
export function readInto (accepted: Socket, reading: Reading): Socket {
  const owner: WithHandle = accepted as unknown as WithHandle
  const handle = owner._handle
  if (typeof handle?.useUserBuffer !== 'function') {
    return accepted.on('data', chunk => { reading.push(chunk) })
  }
  owner._handle = null
  const onread = {
    buffer: () => reading.room(),
    callback: (count: number) => {
      reading.received(count)
      return true
    },
  }
  const options: object = { handle, onread, manualStart: true, allowHalfOpen: true }
  const socket = new Socket(options)
  // The server counts what it accepted, and is closed when the last of these is.
  return socket.on('close', () => { accepted.destroy() })
}
