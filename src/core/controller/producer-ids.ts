/** Blocks of producer ids (KIP-730): no id is ever handed out twice (2.6). */
import { code } from '../../../protocol/errors.ts'
import type {
  AllocateProducerIdsRequest, AllocateProducerIdsResponse,
} from '../../../protocol/messages/67-allocate-producer-ids.ts'
import { ProducerIdsRecord } from '../../../protocol/stored/metadata-settings.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import { brokerEpochProblem } from './brokers.ts'
import { nothing } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'

const BLOCK_SIZE = 1000
const INT64_MAX = (1n << 63n) - 1n

export function allocateProducerIds (
  { brokerId, brokerEpoch }: AllocateProducerIdsRequest, { image }: Pick<ControllerView, 'image'>
): ControllerResult<AllocateProducerIdsResponse> {
  const refuse = (errorCode: number): ControllerResult<AllocateProducerIdsResponse> =>
    ({ records: nothing, reply: { errorCode, producerIdStart: 0n, producerIdLen: 0 } })
  const problem = brokerEpochProblem(image, brokerId, brokerEpoch)
  if (problem !== undefined) return refuse(problem.errorCode)
  const producerIdStart = image.producerIds?.nextProducerId ?? 0n
  if (producerIdStart > INT64_MAX - BigInt(BLOCK_SIZE)) return refuse(code.UNKNOWN_SERVER_ERROR)
  const nextProducerId = producerIdStart + BigInt(BLOCK_SIZE)
  return {
    records: [fullEntry(ProducerIdsRecord, 0, { brokerId, brokerEpoch, nextProducerId })],
    reply: { producerIdStart, producerIdLen: BLOCK_SIZE },
  }
}
