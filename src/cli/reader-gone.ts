/**
 * Learns that nobody reads a pipe any more, before the next write fails: `ottla consume t | head
 * -3` has nothing left to write when `head` has gone, and would wait for the next record for ever.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'

/** What Node wraps a descriptor with that it reads from, whatever the descriptor is. */
interface Wrapped { open (fd: number): number }
interface Bindings {
  binding (name: 'tcp_wrap'): { TCP: new (kind: number) => Wrapped, constants: { SOCKET: number } }
}

/**
 * Calls `run` once when the last reader of this descriptor's pipe has gone; never for what is no
 * pipe, or where the system cannot tell. Keeps no process from ending.
 */
export function whenReaderGone (fd: number, run: () => void): void {
  try {
    if (!fstatSync(fd).isFIFO()) return
    watch(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK), run)
  } catch {
    // No /proc, or a Node without this: the next write will tell.
  }
}

/**
 * Whoever waits to read from the end that is written to is woken by one thing only. Node refuses to
 * read from a pipe that is open for writing, but asks no such question of what it takes for a
 * socket.
 */
function watch (fd: number, run: () => void): void {
  const { TCP, constants: { SOCKET } } = (process as unknown as Bindings).binding('tcp_wrap')
  const handle = new TCP(SOCKET)
  if (handle.open(fd) !== 0) return closeSync(fd)
  const socket = new Socket({ handle, readable: true, writable: false } as object)
  socket.on('error', () => {}).once('close', run)
  socket.resume().unref()
}
