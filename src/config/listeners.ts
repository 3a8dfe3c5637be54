/** Listeners, voters and servers: from their texts to addresses, or to what is wrong with them. */

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** KIP-103's numbers, as registrations carry them. */
export const securityProtocolIds: Readonly<Record<SecurityProtocol, number>> = {
  PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3,
}

export interface ListenerAddress {
  /** Upper case, as Kafka compares and shows it. */
  readonly name: string
  readonly protocol: SecurityProtocol
  /** Empty: every interface (to listen), or to be found out (to advertise). */
  readonly host: string
  readonly port: number
}

export interface Voter { readonly id: number, readonly host: string, readonly port: number }
export interface Server { readonly host: string, readonly port: number }

export type Outcome<T> = { readonly value: T } | { readonly problem: string }

/** `A:PLAINTEXT,B:SSL`: listener name → protocol. */
export function parseProtocolMap (text: string): Outcome<ReadonlyMap<string, SecurityProtocol>> {
  const protocols = new Map<string, SecurityProtocol>()
  for (const element of elementsOf(text)) {
    const colon = element.lastIndexOf(':')
    const name = element.slice(0, Math.max(colon, 0)).trim().toUpperCase()
    const protocol = element.slice(colon + 1).trim()
    if (name === '') {
      return { problem: `"${element}" is not of the form LISTENER:PROTOCOL` }
    }
    if (!isProtocol(protocol)) {
      return {
        problem: `Invalid security protocol \`${protocol}\` defined in listener.security.protocol.map ` +
          `(allowed: ${Object.keys(securityProtocolIds).join(', ')})`,
      }
    }
    protocols.set(name, protocol)
  }
  return { value: protocols }
}

function isProtocol (text: string): text is SecurityProtocol {
  return Object.hasOwn(securityProtocolIds, text)
}

const LISTENER = /^([^:]+):\/\/(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]]*)):(-?\d+)$/

/** `NAME://host:port,...`; empty elements are skipped. */
export function parseListeners (
  elements: readonly string[], protocols: ReadonlyMap<string, SecurityProtocol>
): Outcome<readonly ListenerAddress[]> {
  const listeners: ListenerAddress[] = []
  for (const element of elements) {
    if (element === '') continue
    const found = LISTENER.exec(element)
    const port = Number(found?.[4])
    if (found === null || !isPort(port)) {
      return { problem: `Unable to parse ${element} to a broker endpoint: write NAME://host:port` }
    }
    const name = found[1]!.toUpperCase()
    const protocol = protocols.get(name)
    if (protocol === undefined) {
      return {
        problem: `No security protocol defined for listener ${name}: add ${name}:PLAINTEXT, or ` +
          'another protocol, to listener.security.protocol.map',
      }
    }
    listeners.push({ name, protocol, host: found[2] ?? found[3] ?? '', port })
  }
  return sharedProblem(listeners) ?? { value: listeners }
}

function sharedProblem (listeners: readonly ListenerAddress[]): { problem: string } | undefined {
  const names = listeners.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined
    ? undefined
    : { problem: `Each listener must have a different name, and ${twice} is named twice` }
}

/** Port 0 asks the system for one, so it may stand there as often as anybody likes. */
export function portProblem (listeners: readonly ListenerAddress[]): string | undefined {
  for (const [index, { port, host, name }] of listeners.entries()) {
    const other = listeners.slice(0, index).find(it => it.port === port && it.port !== 0 &&
      (it.host === host || it.host === '' || host === ''))
    if (other !== undefined) {
      return `Each listener must have a different port, and ${other.name} and ${name} both have ${port}`
    }
  }
  return undefined
}

function isPort (port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65535
}

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:@[\]]+)):(\d+)$/

/** `id@host:port,...`. */
export function parseVoters (elements: readonly string[]): Outcome<readonly Voter[]> {
  const voters: Voter[] = []
  for (const element of elements) {
    if (element === '') continue
    const at = element.indexOf('@')
    const id = element.slice(0, Math.max(at, 0)).trim()
    const server = serverOf(element.slice(at + 1).trim())
    if (!/^\d+$/.test(id) || server === undefined) {
      return {
        problem: `"${element}" is no voter. Each entry should be in the form \`{id}@{host}:{port}\``,
      }
    }
    voters.push({ id: Number(id), ...server })
  }
  return { value: voters }
}

/** `host:port,...`. */
export function parseServers (elements: readonly string[]): Outcome<readonly Server[]> {
  const servers: Server[] = []
  for (const element of elements) {
    if (element === '') continue
    const server = serverOf(element)
    if (server === undefined) {
      return { problem: `"${element}" is no server. Each entry should be in the form "{host}:{port}"` }
    }
    servers.push(server)
  }
  return { value: servers }
}

function serverOf (text: string): Server | undefined {
  const found = HOST_PORT.exec(text)
  const port = Number(found?.[3])
  if (found === null || !isPort(port)) return undefined
  return { host: found[1] ?? found[2] ?? '', port }
}

function elementsOf (text: string): string[] {
  return text.split(',').map(it => it.trim()).filter(it => it !== '')
}
