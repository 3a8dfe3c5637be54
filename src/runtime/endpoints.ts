/** Where clients reach the brokers: as registered for the listener that they came in by. */
import type { MetadataImage } from '../core/metadata/image.ts'
import type { BrokerRegistration } from '../core/metadata/facts.ts'

export interface Node {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  readonly fenced: boolean
}

interface Client {
  readonly listener: string
  readonly localAddress: string
  readonly localPort: number
}

export interface EndpointsOptions {
  readonly image: MetadataImage
  readonly nodeId: number
  /** Listeners with an advertised address of their own; for the others see `here`. */
  readonly advertised: ReadonlySet<string>
  random (): number
}

export class Endpoints {
  readonly #options: EndpointsOptions

  constructor (options: EndpointsOptions) { this.#options = options }

  /** Brokers with this listener, fenced ones too, by id. */
  registered (client: Client): Node[] {
    const nodes: Node[] = []
    for (const broker of this.#options.image.brokers) {
      const address = this.#addressOf(broker, client)
      if (address === undefined) continue
      nodes.push({ nodeId: broker.id, ...address, rack: broker.rack, fenced: broker.fenced })
    }
    return nodes.sort((a, b) => a.nodeId - b.nodeId)
  }

  /** D2.12: those that may be used. */
  alive (client: Client): Node[] { return this.registered(client).filter(({ fenced }) => !fenced) }

  /** D2.12: KRaft hides the controller; any live broker forwards to it. */
  controllerId (client: Client): number {
    const alive = this.alive(client)
    return alive[Math.floor(this.#options.random() * alive.length)]?.nodeId ?? -1
  }

  /** With nothing advertised, each client is told the address that it connected to itself. */
  #addressOf (
    broker: BrokerRegistration, client: Client
  ): { host: string, port: number } | undefined {
    if (broker.id === this.#options.nodeId && !this.#options.advertised.has(client.listener)) {
      return { host: client.localAddress, port: client.localPort }
    }
    const endpoint = broker.endpoints.find(({ name }) => name === client.listener)
    return endpoint === undefined ? undefined : { host: endpoint.host, port: endpoint.port }
  }
}
