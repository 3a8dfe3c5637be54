/**
 * The connections of one run, by name; one that was closed is opened anew when it is named again.
 */
import type { Api } from '../../../protocol/types.ts'
import { RawClient } from '../raw-client.ts'

/** An answer that is under way: the message, or `closed`, or `nothing` when none comes for long. */
export interface Coming {
  readonly answer: Promise<unknown>
  readonly isHere: boolean
}

interface Address { readonly host: string, readonly port: number }

/** Far above what any request may wait. */
const PATIENCE_MS = 20_000

export class Connections {
  readonly #address: Address
  readonly #open = new Map<string, RawClient>()

  constructor (address: Address) { this.#address = address }

  async ask (
    name: string, api: Api, version: number, body: any, clientId: string | null
  ): Promise<Coming> {
    const client = await this.#connected(name)
    const correlationId = client.send(api, version, body, { clientId })
    return this.#coming(name, client, api, version, correlationId)
  }

  /** What has no answer. */
  async tell (
    name: string, api: Api, version: number, body: any, clientId: string | null
  ): Promise<void> {
    const client = await this.#connected(name)
    client.send(api, version, body, { clientId })
  }

  /** Bytes that are answered, whatever correlation id they have. */
  async raw (name: string, bytes: Buffer, api: Api, version: number): Promise<Coming> {
    const client = await this.#connected(name)
    client.write(bytes)
    return this.#coming(name, client, api, version, undefined)
  }

  /** Bytes that are answered with the end of the connection. */
  async write (name: string, bytes: Buffer): Promise<'closed' | 'nothing'> {
    const client = await this.#connected(name)
    client.write(bytes)
    const answer = await withPatience(client.closed.then(() => 'closed' as const))
    if (answer === 'closed') this.#open.delete(name)
    return answer
  }

  close (name: string): void {
    this.#open.get(name)?.end()
    this.#open.delete(name)
  }

  end (): void { for (const client of this.#open.values()) client.end() }

  async #connected (name: string): Promise<RawClient> {
    const present = this.#open.get(name)
    if (present !== undefined && !present.isClosed) return present
    const client = await RawClient.connect(this.#address.port, this.#address.host)
    this.#open.set(name, client)
    return client
  }

  #coming (
    name: string, client: RawClient, api: Api, version: number, correlationId: number | undefined
  ): Coming {
    let isHere = false
    const taken = client.next(api, version).then(answer => {
      if (correlationId !== undefined && answer.correlationId !== correlationId) {
        throw new Error(`${api.name}: the answer to request ${answer.correlationId} came for that to ${correlationId}`)
      }
      return answer.body as unknown
    }, (error: Error) => {
      if (!client.isClosed) throw error
      if (this.#open.get(name) === client) this.#open.delete(name)
      return 'closed'
    }).finally(() => { isHere = true })
    const answer = withPatience(taken)
    answer.catch(() => { /* told when it is taken */ })
    return { answer, get isHere () { return isHere } }
  }
}

async function withPatience<T> (answer: Promise<T>): Promise<T | 'nothing'> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<'nothing'>(resolve => {
    timer = setTimeout(() => { resolve('nothing') }, PATIENCE_MS)
  })
  try {
    return await Promise.race([answer, patience])
  } finally {
    clearTimeout(timer)
  }
}
