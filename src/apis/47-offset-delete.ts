/** OffsetDelete v0 (groups 5.3, KIP-496). */
import { code } from '../../protocol/errors.ts'
import { OffsetDelete } from '../../protocol/messages/47-offset-delete.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/47-offset-delete.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { withRefusals } from './rows.ts'

type Needs = Pick<Broker, 'access' | 'groups' | 'metadata'>
type Asked = OffsetDeleteRequest['topics'][number]
type Answered = OffsetDeleteResponse['topics'][number]

export const offsetDelete = handler(OffsetDelete, {
  versions: [0, 0],
  failed: (_request, { errorCode }) => ({ errorCode, topics: [] }),
}, async (request, call, needs: Needs) => {
  const { access, groups } = needs
  if (!access.allows(call.session, 'delete', 'group', request.groupId)) {
    return { errorCode: code.GROUP_AUTHORIZATION_FAILED, topics: [] }
  }
  const { refused, wanted } = sortOut(request.topics, call, needs)
  // The group is asked even if no topic is left: whether it exists is told in every case.
  const { errorCode = code.NONE, topics } =
    await groups.deleteOffsets({ ...request, topics: wanted })
  return errorCode === code.NONE
    ? { errorCode, topics: withRefusals(refused, topics) }
    : { errorCode, topics: [] }
})

/** A topic without partitions has a row only if it does not exist. */
function sortOut (
  topics: readonly Asked[], { session }: Call, { access, metadata }: Needs
): { refused: Answered[], wanted: Asked[] } {
  const refused: Answered[] = []
  const wanted: Asked[] = []
  for (const { name, partitions } of topics) {
    const refuse = (errorCode: number, rows: Asked['partitions']): void => {
      refused.push(
        { name, partitions: rows.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) }
      )
    }
    if (!access.allows(session, 'read', 'topic', name)) {
      refuse(code.TOPIC_AUTHORIZATION_FAILED, partitions)
      continue
    }
    const topic = metadata.topics.find(name)
    if (topic === undefined) {
      refuse(code.UNKNOWN_TOPIC_OR_PARTITION, partitions)
      continue
    }
    const exists = ({ partitionIndex }: { partitionIndex: number }): boolean =>
      topic.partitions[partitionIndex] !== undefined
    const missing = partitions.filter(partition => !exists(partition))
    if (missing.length > 0) refuse(code.UNKNOWN_TOPIC_OR_PARTITION, missing)
    const known = partitions.filter(exists)
    if (known.length > 0) wanted.push({ name, partitions: known })
  }
  return { refused, wanted }
}
