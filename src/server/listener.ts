/** One listening socket: takes connections, counts them, closes idle ones, lets them end at stop. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { Connection } from './connection.ts'
import type { ConnectionContext } from './connection.ts'

export interface ListenerOptions {
  name: string
  host: string
  /** 0: any free port; `port` then tells which. */
  port: number
  connectionsMax: number
  /** connections.max.idle.ms; -1 or 0 never. */
  idleMs: number
}

export interface Listener {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly connections: ReadonlySet<Connection>
  /** Takes no more connections and ends those that are there. */
  close (): Promise<void>
}

let nextConnectionId = 0

export async function listen (
  options: ListenerOptions, context: Omit<ConnectionContext, 'events'> & {
    events: Omit<ConnectionContext['events'], 'closed'>
  }
): Promise<Listener> {
  const connections = new Set<Connection>()
  const events: ConnectionContext['events'] = {
    ...context.events,
    closed: connection => { connections.delete(connection) },
  }
  const server = createServer({ noDelay: true, keepAlive: true }, socket => {
    if (connections.size >= options.connectionsMax) {
      socket.destroy()
      return
    }
    connections.add(new Connection(nextConnectionId++, options.name, socket, { ...context, events }))
  })
  await bind(server, options)
  const sweep = idleSweep(connections, options.idleMs, context.nowMs)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    name: options.name,
    host: options.host,
    port,
    connections,
    close: () => new Promise(resolve => {
      clearInterval(sweep)
      server.close(() => { resolve() })
      for (const connection of connections) connection.destroy()
    }),
  }
}

/** Rejects with the system's error: EADDRINUSE and its like name the port. */
function bind (server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // No host: both :: and 0.0.0.0, since clients of `localhost` try ::1 first.
    server.listen({ port, ...(host === '' || host === '0.0.0.0' ? {} : { host }), backlog: 511 }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

function idleSweep (
  connections: Set<Connection>, idleMs: number, nowMs: () => number
): NodeJS.Timeout | undefined {
  if (idleMs <= 0) return undefined
  const timer = setInterval(() => {
    const before = nowMs() - idleMs
    for (const connection of connections) {
      if (connection.idle && connection.lastActiveMs < before) connection.destroy()
    }
  }, Math.max(100, Math.min(idleMs / 4, 30_000)))
  timer.unref()
  return timer
}
