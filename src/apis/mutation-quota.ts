/** What requests that create and delete partitions ask of their client's quota (KIP-599). */
import type { Broker } from './broker.ts'
import type { Call } from './handler.ts'

export interface Mutations {
  /** Takes that many; false if the strict quota has none left. */
  admit (partitions: number): boolean
  /** To be called when all is decided: says to the client how long it has to wait. */
  settle (): void
}

/** From `strictSince` on clients know THROTTLING_QUOTA_EXCEEDED; before, they are slowed down. */
export function mutationsOf (
  call: Call, strictSince: number, { quotas, environment }: Pick<Broker, 'quotas' | 'environment'>
): Mutations {
  const allowance = quotas.mutation.allowance(call.quotaClient, call.version >= strictSince,
    environment.monotonicMs())
  return {
    admit: partitions => allowance?.admit(partitions, environment.monotonicMs()) ?? true,
    settle () {
      if (allowance !== undefined) call.throttle(allowance.throttleMs(environment.monotonicMs()))
    },
  }
}
