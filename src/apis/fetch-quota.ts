/** What the quotas of consumers do to a Fetch (KIP-13, KIP-124, D6.21, D6.27). */
import { codec } from '../../protocol/codec.ts'
import { Writer } from '../../protocol/cursor.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import type { MessageToWrite } from '../../protocol/types.ts'
import type { Broker } from './broker.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'quotas' | 'environment'>
type Responses = MessageToWrite<typeof Fetch.response>['responses']

/** No more than the quota could ever let pass. */
export function largestFetch ({ quotaClient }: Call, { quotas }: Needs): number {
  return quotas.fetch.isUnset ? Infinity : quotas.fetch.largestAtOnce(quotaClient)
}

/**
 * Whether the client has to wait, with an empty answer instead of these: what is not sent does not
 * count against the quota of bytes.
 */
export function mustWait (
  call: Call, responses: () => Responses, { quotas, environment }: Needs
): boolean {
  let throttleMs = call.requestThrottleMs()
  if (!quotas.fetch.isUnset) {
    const nowMs = environment.monotonicMs()
    const bytes = sizeOf(responses(), call.version)
    throttleMs = Math.max(throttleMs, quotas.fetch.record(call.quotaClient, bytes, nowMs))
    if (throttleMs > 0) quotas.fetch.count(call.quotaClient, -bytes, nowMs)
  }
  call.throttle(throttleMs)
  return throttleMs > 0
}

const SIZE_PREFIX = 4

/** As Kafka counts it: with the size prefix, without the header. */
function sizeOf (responses: Responses, version: number): number {
  const writer = new Writer()
  codec(Fetch.response, version).write(writer, { responses })
  return SIZE_PREFIX + writer.size
}
