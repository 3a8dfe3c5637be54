/** OffsetDelete v0 (groups 5.3, KIP-496). */
import { code } from '../../protocol/errors.ts'
import { OffsetDelete } from '../../protocol/messages/47-offset-delete.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/47-offset-delete.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

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
  const { errorCode = code.NONE, topics } = await groups.deleteOffsets({ ...request, topics: wanted })
  return errorCode === code.NONE ? { errorCode, topics: merged(refused, topics) } : { errorCode, topics: [] }
})

function sortOut (
  topics: readonly Asked[], { session }: Call, { access, metadata }: Needs
): { refused: Answered[], wanted: Asked[] } {
  const refused: Answered[] = []
  const wanted: Asked[] = []
  for (const { name, partitions } of topics) {
    const refuse = (errorCode: number, rows: Asked['partitions']): void => {
      if (rows.length === 0) return
      refused.push({ name, partitions: rows.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) })
    }
    if (!access.allows(session, 'read', 'topic', name)) {
      refuse(code.TOPIC_AUTHORIZATION_FAILED, partitions)
      continue
    }
    const exists = ({ partitionIndex }: { partitionIndex: number }): boolean =>
      metadata.topics.partition(name, partitionIndex) !== undefined
    refuse(code.UNKNOWN_TOPIC_OR_PARTITION, partitions.filter(partition => !exists(partition)))
    const known = partitions.filter(exists)
    if (known.length > 0) wanted.push({ name, partitions: known })
  }
  return { refused, wanted }
}

/** One row a topic: what was refused before the group was asked stands first. */
function merged (refused: readonly Answered[], answered: readonly Answered[]): Answered[] {
  const rows = new Map<string, Answered>()
  for (const { name, partitions } of [...refused, ...answered]) {
    rows.set(name, { name, partitions: [...rows.get(name)?.partitions ?? [], ...partitions] })
  }
  return [...rows.values()]
}
