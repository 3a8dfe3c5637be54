/** A classic group's requests in one line. */
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { FindCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import type { RawBroker } from './raw-broker.ts'
import type { RawClient } from './raw-client.ts'

/** A client whose broker has its offsets topic. */
export async function groupClient (raw: RawBroker): Promise<RawClient> {
  const client = await raw.client()
  await client.request(FindCoordinator, 0, { key: 'g' })
  return client
}

export interface JoinOptions {
  memberId?: string
  sessionTimeoutMs?: number
  protocolType?: string
  names?: string[]
  groupInstanceId?: string | null
}

export function joinBody (groupId: string, options: JoinOptions = {}) {
  const { memberId = '', sessionTimeoutMs = 10_000, protocolType = 'consumer', names = ['range'] } = options
  return {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: 20_000,
    memberId,
    groupInstanceId: options.groupInstanceId ?? null,
    protocolType,
    protocols: names.map(name => ({ name, metadata: Buffer.from(name) })),
  }
}

/**
 * Resolves when the next such request has come to the coordinator, and waits there or is answered.
 */
export function parked (raw: RawBroker, operation: 'join' | 'sync'): Promise<void> {
  const groups = raw.broker.groups as Record<typeof operation, (...args: any[]) => Promise<any>>
  const { [operation]: run } = groups
  return new Promise(resolve => {
    groups[operation] = (...args) => {
      Reflect.deleteProperty(groups, operation)
      const answer = run.apply(groups, args)
      setImmediate(resolve)
      return answer
    }
  })
}

/** One member joins a group of its own and gives itself this assignment. */
export async function joinAlone (
  raw: RawBroker, client: RawClient, groupId: string, version = 3, options: JoinOptions = {}
) {
  const isParked = parked(raw, 'join')
  client.send(JoinGroup, version, joinBody(groupId, options))
  await isParked
  // The first rebalance of a group waits for others (group.initial.rebalance.delay.ms).
  raw.clock.advance(3000)
  const { body } = await client.next(JoinGroup, version)
  await client.request(SyncGroup, 3, {
    groupId,
    generationId: body.generationId,
    memberId: body.memberId,
    assignments: [{ memberId: body.memberId, assignment: Buffer.from('all') }],
  })
  return body
}
