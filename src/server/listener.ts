/**
 * One listening socket: takes connections, counts them, closes idle ones, lets them end at stop.
 */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { Admission } from './admission.ts'
import { Connection } from './connection.ts'
import type { ConnectionContext } from './connection.ts'
import { Doorway } from './doorway.ts'

export interface ListenerOptions {
  readonly name: string
  /** Empty: every interface, IPv6 and IPv4. */
  readonly host: string
  /** 0: any free port; the listener then tells which. */
  readonly port: number
  /** Shared by all listeners of the broker. */
  readonly admission: Admission
  /** connections.max.idle.ms; 0 or less never. */
  readonly idleMs: number
}

/** What connections need, without what the listener itself sees to. */
export type ServeContext = Omit<ConnectionContext, 'events'> & {
  readonly events: Omit<ConnectionContext['events'], 'closed'>
}

export interface Listener {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly connections: ReadonlySet<Connection>
  /** From now on requests are answered, those of connections that already wait first. */
  serve (context: ServeContext): void
  /** Takes no more connections and ends those that are there. */
  close (): Promise<void>
}

/** What requests under way have to be answered when the broker stops. */
const FINISH_MS = 250

let nextConnectionId = 0

/**
 * Binds the socket; connections wait until `serve`, so that a port in use is known before anything
 * else has begun. Rejects with the system's error.
 */
export async function listen (options: ListenerOptions): Promise<Listener> {
  const connections = new Set<Connection>()
  const waiting: Socket[] = []
  let doorway: Doorway | undefined
  let stopSweep: () => void = () => {}
  const accept = (socket: Socket): void => {
    if (doorway === undefined) waiting.push(socket.on('error', () => { socket.destroy() }))
    else doorway.arrive(socket)
  }
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true }, accept
  )
  await bind(server, options)
  const address = server.address()
  return {
    name: options.name,
    host: options.host,
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    connections,
    serve (given) {
      const closed = (connection: Connection): void => {
        connections.delete(connection)
        options.admission.leave(options.name, connection.remoteAddress)
      }
      const context: ConnectionContext = { ...given, events: { ...given.events, closed } }
      doorway = new Doorway({
        listener: options.name,
        admission: options.admission,
        nowMs: given.nowMs,
        admit: socket => {
          connections.add(new Connection(nextConnectionId++, options.name, socket, context))
        },
      })
      stopSweep = idleSweep(connections, options.idleMs, given)
      for (const socket of waiting.splice(0)) if (!socket.destroyed) accept(socket)
    },
    close: () => new Promise(resolve => {
      stopSweep()
      server.close(() => { resolve() })
      for (const socket of waiting) socket.destroy()
      doorway?.close()
      for (const connection of connections) connection.finish()
      // Who waits for something that may take long (a fetch, a rebalance) asks another broker.
      setTimeout(() => { for (const connection of connections) connection.destroy() },
        FINISH_MS).unref()
    }),
  }
}

function bind (server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Without a host both :: and 0.0.0.0 are bound, since clients of `localhost` try ::1 first.
    const everywhere = host === '' || host === '0.0.0.0'
    server.listen({ port, ...(everywhere ? {} : { host }), backlog: 511 }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

/**
 * Closes who was silent for so long: not who waits for an answer (a rebalance, a long poll), whose
 * silence begins with the answer. Returns how to stop.
 */
function idleSweep (
  connections: Set<Connection>, idleMs: number, { nowMs, setTimer }: Pick<ServeContext, 'nowMs' | 'setTimer'>
): () => void {
  if (idleMs <= 0) return () => {}
  const everyMs = Math.max(100, Math.min(idleMs / 4, 30_000))
  const sweep = (): void => {
    const before = nowMs() - idleMs
    for (const connection of connections) {
      if (connection.idle && connection.lastActiveMs < before) connection.destroy()
    }
    timer = setTimer(everyMs, sweep)
  }
  let timer = setTimer(everyMs, sweep)
  return () => { timer.cancel() }
}
