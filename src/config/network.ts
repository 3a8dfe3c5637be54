/** Where the node listens, what it tells others about that, and who the controllers are. */
import { ConfigError } from './error.ts'
import type { BrokerValues } from './table.ts'
import {
  parseListeners, parseProtocolMap, parseServers, parseVoters, portProblem,
} from './listeners.ts'
import type { ListenerAddress, Outcome, Server, Voter } from './listeners.ts'

export interface Network {
  /** All sockets to open, the controller's among them if this node is one. */
  readonly listeners: readonly ListenerAddress[]
  /** Those of them that clients and brokers use. */
  readonly brokerListeners: readonly ListenerAddress[]
  readonly controllerListeners: readonly ListenerAddress[]
  /**
   * As others shall reach this broker; undefined: as each client reached it. A host may be empty,
   * which is this machine's own name, and a port 0, which is the one that is listened on.
   */
  readonly advertised: readonly ListenerAddress[] | undefined
  readonly interBrokerListener: string
  readonly voters: readonly Voter[]
  readonly bootstrapServers: readonly Server[]
  readonly isBroker: boolean
  readonly isController: boolean
  /** The only voter: nobody else needs to reach this controller, so it may do without a socket. */
  readonly isAlone: boolean
}

type Get = <N extends keyof BrokerValues & string> (name: N) => BrokerValues[N]
type OriginOf = (name: string) => string | undefined

/** Throws ConfigError. */
export function readNetwork (get: Get, originOf: OriginOf): Network {
  const must = <T>(name: string, outcome: Outcome<T>): T => {
    if ('value' in outcome) return outcome.value
    throw new ConfigError(`${name}: ${outcome.problem}${fromText(originOf(name))}`)
  }
  const roles = get('process.roles')
  const isController = roles.includes('controller')
  const isBroker = roles.includes('broker')
  const protocols = must('listener.security.protocol.map',
    parseProtocolMap(get('listener.security.protocol.map')))
  const listeners = must('listeners', parseListeners(get('listeners'), protocols))
  const advertised = get('advertised.listeners') === null || get('advertised.listeners')!.length === 0
    ? undefined
    : must('advertised.listeners', parseListeners(get('advertised.listeners')!, protocols))
  const controllerNames = new Set(get('controller.listener.names').map(name => name.toUpperCase()))
  const brokerListeners = listeners.filter(({ name }) => !controllerNames.has(name))
  const ports = portProblem(listeners)
  if (ports !== undefined) throw new ConfigError(`listeners: ${ports}${fromText(originOf('listeners'))}`)
  const voters = must('controller.quorum.voters', parseVoters(get('controller.quorum.voters')))
  const bootstrapServers = must('controller.quorum.bootstrap.servers',
    parseServers(get('controller.quorum.bootstrap.servers')))
  const network: Network = {
    listeners,
    brokerListeners,
    controllerListeners: listeners.filter(({ name }) => controllerNames.has(name)),
    // Kafka advertises what it listens on where nothing else is said.
    advertised: advertised?.filter(({ name }) => !controllerNames.has(name)) ??
      (get('ottla.strict') ? brokerListeners : undefined),
    interBrokerListener: interBrokerListener(get, brokerListeners, isBroker),
    voters,
    bootstrapServers,
    isBroker,
    isController,
    isAlone: isController && voters.length <= 1 && bootstrapServers.length <= 1,
  }
  checkRoles(network, get)
  return network
}

function fromText (origin: string | undefined): string {
  return origin === undefined ? '' : ` (from ${origin})`
}

function interBrokerListener (
  get: Get, brokerListeners: readonly ListenerAddress[], isBroker: boolean
): string {
  const named = get('inter.broker.listener.name')?.trim().toUpperCase()
  const protocol = get('security.inter.broker.protocol')
  const listener = named === undefined || named === ''
    ? brokerListeners.find(it => it.name === protocol) ??
      brokerListeners.find(it => it.protocol === protocol)
    : brokerListeners.find(it => it.name === named)
  if (listener !== undefined) return listener.name
  if (!isBroker) return named ?? protocol
  const valid = brokerListeners.map(it => it.name).join(',')
  throw new ConfigError(named === undefined || named === ''
    ? `no listener has the security protocol ${protocol}: ` +
      `set inter.broker.listener.name to one of ${valid}`
    : `inter.broker.listener.name=${named} is not one of this broker's listeners: ${valid}`)
}

function checkRoles (network: Network, get: Get): void {
  const { isBroker, isController, brokerListeners, advertised, voters } = network
  if (isBroker && brokerListeners.length === 0) {
    throw new ConfigError('listeners: a broker needs one that is not in controller.listener.names')
  }
  if (isController && network.controllerListeners.length === 0 && !network.isAlone) {
    throw new ConfigError('controller.listener.names must contain at least one value appearing in ' +
      'the \'listeners\' configuration when running the KRaft controller role')
  }
  const nodeId = get('node.id')
  if (isController && voters.length > 0 && !voters.some(({ id }) => id === nodeId)) {
    const ids = voters.map(({ id }) => id).join(', ')
    throw new ConfigError(`controller.quorum.voters names the nodes ${ids}: ` +
      `this controller, node.id=${nodeId}, must be one of them`)
  }
  for (const { name, host } of advertised ?? []) {
    if (isEverywhere(host) && host !== '') {
      const otherwise = get('ottla.strict') ? '' : ', or leave advertised.listeners out'
      throw new ConfigError(`advertised.listeners cannot use the nonroutable meta-address ${host} ` +
        `(${name}). Use a routable IP address${otherwise}.`)
    }
    if (!brokerListeners.some(it => it.name === name)) {
      throw new ConfigError(`advertised.listeners names ${name}, which is not in listeners`)
    }
  }
}

/** An address to listen on: all of this machine's. To others it says nothing. */
export function isEverywhere (host: string): boolean { return host === '' || host === '0.0.0.0' || host === '::' }

/** Whether this machine's own name is needed to tell others where this broker is. */
export function needsOwnName ({ advertised, brokerListeners }: Network): boolean {
  return (advertised ?? brokerListeners).some(({ host }) => isEverywhere(host))
}

/**
 * What goes into the metadata log: addresses that mean the same to everybody who reads it. `ports`
 * are those that are open, by the listener's name.
 */
export function registeredListeners (
  { advertised, brokerListeners }: Network, ports: ReadonlyMap<string, number>, ownName: string
): ListenerAddress[] {
  return (advertised ?? brokerListeners).map(listener => ({
    ...listener,
    host: isEverywhere(listener.host) ? ownName : listener.host,
    port: listener.port === 0 ? ports.get(listener.name) ?? 0 : listener.port,
  }))
}
