/** Which quota concerns a client: the most specific one that is set (KIP-55, KIP-546). */
import type { EntityQuotas } from '../metadata/facts.ts'

/** Whoever uses something: a principal as `User:name`, and the client id that the request named. */
export interface QuotaClient { readonly principal: string, readonly clientId: string | null }

export interface Limit {
  readonly bound: number
  /** All clients with this subject share the quota. */
  readonly subject: string
}

type Part = 'own' | 'default' | 'none'

/** In the order in which they are looked for. */
const LEVELS: ReadonlyArray<readonly [user: Part, clientId: Part]> = [
  ['own', 'own'], ['own', 'default'], ['own', 'none'],
  ['default', 'own'], ['default', 'default'], ['default', 'none'],
  ['none', 'own'], ['none', 'default'],
]

const DEFAULT = '*'
const NONE = ''

const own = (name: string): string => `=${name}`

/** The length keeps the two parts apart, whatever they contain. */
function pair (user: string, clientId: string): string { return `${user.length} ${user}${clientId}` }

export class Limits {
  readonly #bounds = new Map<string, number>()

  get size (): number { return this.#bounds.size }

  /** Takes this key of all quotas anew; those of addresses concern no requests. */
  load (quotas: Iterable<EntityQuotas>, key: string): void {
    this.#bounds.clear()
    for (const { entity, values } of quotas) {
      const bound = values.get(key)
      if (bound === undefined || entity.has('ip')) continue
      this.#bounds.set(pair(partOf(entity.get('user')), partOf(entity.get('client-id'))), bound)
    }
  }

  find (client: QuotaClient): Limit | undefined {
    const user = client.principal.slice(client.principal.indexOf(':') + 1)
    const clientId = client.clientId ?? ''
    const keyPart = (part: Part, name: string): string =>
      part === 'own' ? own(name) : part === 'default' ? DEFAULT : NONE
    for (const [userPart, clientPart] of LEVELS) {
      // Who sends no client id has only what its user has.
      if (clientId === '' && clientPart !== 'none') continue
      const bound = this.#bounds.get(pair(keyPart(userPart, user), keyPart(clientPart, clientId)))
      if (bound === undefined) continue
      const subject = pair(userPart === 'none' ? NONE : own(user), clientPart === 'none' ? NONE : own(clientId))
      return { bound, subject }
    }
    return undefined
  }
}

function partOf (name: string | null | undefined): string {
  return name === undefined ? NONE : name === null ? DEFAULT : own(name)
}
