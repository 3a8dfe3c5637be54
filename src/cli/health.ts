/**
 * `node dist/src/cli/health.js [host:port]`: exits 0 when the broker there answers ApiVersions.
 *
 * A container's health check runs this every second, so it loads nothing but sockets, and says the
 * few bytes that it needs by itself. Without an argument it asks where KAFKA_LISTENERS says.
 */
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { meant } from '../config/meant.ts'

const TIMEOUT_MS = 1000
const CORRELATION_ID = 0x6f74746c

/** ApiVersions v0: size, key 18, version 0, correlation id, and no client id. */
const REQUEST = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
REQUEST.writeInt32BE(CORRELATION_ID, 8)
/** The answer's size, correlation id, error code and number of APIs. */
const ANSWER_HEAD_BYTES = 14

/** The address of a listener that speaks without TLS if there is one, else of the first. */
export function addressOf (listeners: string): { host: string, port: number } {
  const all = listeners.split(',').map(listener => listener.trim()).filter(listener => listener !== '')
  const chosen = all.find(listener => /^PLAINTEXT/i.test(listener)) ?? all[0]
  const [, host = '', port = ''] = /^(?:\w+:\/\/)?\[?(.*?)\]?:(\d+)$/.exec(chosen ?? '') ?? []
  const isAny = host === '' || host === '0.0.0.0' || host === '::'
  return { host: isAny ? '127.0.0.1' : host, port: port === '' ? 9092 : Number(port) }
}

/** Whether a broker answers there in time. Never rejects. */
export async function isHealthy (host: string, port: number, timeoutMs: number): Promise<boolean> {
  return await new Promise(resolve => {
    let answer = Buffer.alloc(0)
    const socket = connect({ host, port }, () => { socket.write(REQUEST) })
    const end = (healthy: boolean): void => {
      resolve(healthy)
      socket.destroy()
    }
    socket.setTimeout(timeoutMs, () => { end(false) })
    socket.on('error', () => { end(false) })
    socket.on('close', () => { end(false) })
    socket.on('data', bytes => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length >= ANSWER_HEAD_BYTES) end(isAnswer(answer))
    })
  })
}

function isAnswer (bytes: Buffer): boolean {
  const correlationId = bytes.readInt32BE(4)
  const errorCode = bytes.readInt16BE(8)
  const apis = bytes.readInt32BE(10)
  return correlationId === CORRELATION_ID && errorCode === 0 && apis > 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { host, port } = addressOf(meant(process.argv[2]) ?? meant(process.env.KAFKA_LISTENERS) ?? '')
  process.exitCode = await isHealthy(host, port, TIMEOUT_MS) ? 0 : 1
}
