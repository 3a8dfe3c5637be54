/**
 * The APIs of groups over a coordinator whose partition and clock are in memory: requests as bytes
 * through dispatch to their handlers, answers as bytes back, without a broker and without a socket.
 */
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import { requestFrame } from '../../protocol/frame.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import type { Api, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import { handlers } from '../../src/apis/index.ts'
import { everybodyMayEverything } from '../../src/core/access/access.ts'
import { defaultGroupSettings } from '../../src/core/group/settings.ts'
import { GroupCoordinator } from '../../src/runtime/coordinator/group-coordinator.ts'
import { Timers } from '../../src/runtime/timers.ts'
import { createDispatch } from '../../src/server/dispatch.ts'
import type { Dispatch } from '../../src/server/dispatch.ts'
import { FakeClock, FakeLog } from '../runtime/coordinator/fake-log.ts'
import { joinBody } from './grouping.ts'
import type { JoinOptions } from './grouping.ts'
import { readAnswer } from './raw-client.ts'

const SESSION = { remoteAddress: '127.0.0.1', principal: 'User:ANONYMOUS', onClose: () => () => {} } as never

export class GroupBench {
  readonly clock: FakeClock
  readonly #dispatch: Dispatch

  private constructor (clock: FakeClock, groups: GroupCoordinator) {
    this.clock = clock
    this.#dispatch = createDispatch(handlers, {
      access: everybodyMayEverything, groups, quotas: { request: { isUnset: true } },
      environment: clock,
    } as never)
  }

  /** Leads both of its partitions, or those that are named. */
  static async start (led: readonly number[] = [0, 1]): Promise<GroupBench> {
    const clock = new FakeClock()
    let uuids = 0
    const groups = new GroupCoordinator({
      clock,
      timers: new Timers(clock),
      settings: { ...defaultGroupSettings, initialRebalanceDelayMs: 0, offsetsTopicPartitions: 2 },
      newUuid: () => `00000000-0000-0000-0000-${String(++uuids).padStart(12, '0')}`,
      loadBufferBytes: 5 * 1024 * 1024,
      commitTimeoutMs: 5_000,
      notices: { warn: () => {} },
      log: () => {},
    })
    for (const partition of led) await groups.becomeLeader(partition, new FakeLog(), 1)
    return new GroupBench(clock, groups)
  }

  async request<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>
  ): Promise<MessageOf<A['response']>> {
    const frame = Buffer.concat(requestFrame(api, version, 1, 'raw', body)).subarray(4)
    const { chunks } = await this.#dispatch.run(frame, SESSION)
    return readAnswer(api, version, wholeOf(chunks).subarray(4)).body
  }

  /** One member joins a group of its own and gives itself the assignment `all`. */
  async joinAlone (groupId: string, version = 3, options: JoinOptions = {}): Promise<MessageOf<typeof JoinGroup['response']>> {
    const joining = this.request(JoinGroup, version, joinBody(groupId, options))
    await this.clock.advance(1)
    const joined = await joining
    const { generationId, memberId } = joined
    const assignments = [{ memberId, assignment: Buffer.from('all') }]
    await this.request(SyncGroup, 3, { groupId, generationId, memberId, assignments })
    return joined
  }
}
