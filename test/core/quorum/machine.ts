/** A machine in the state that a test wants, and requests as other nodes send them. */
import { decode, encode } from '../../../protocol/codec.ts'
import { Fetch } from '../../../protocol/messages/01-fetch.ts'
import { Vote } from '../../../protocol/messages/52-vote.ts'
import { BeginQuorumEpoch } from '../../../protocol/messages/53-begin-quorum-epoch.ts'
import { EndQuorumEpoch } from '../../../protocol/messages/54-end-quorum-epoch.ts'
import { FetchSnapshot } from '../../../protocol/messages/59-fetch-snapshot.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Effect, QuorumApi, QuorumMessage } from '../../../src/core/quorum/effects.ts'
import { METADATA_TOPIC, METADATA_TOPIC_ID } from '../../../src/core/quorum/effects.ts'
import { Quorum } from '../../../src/core/quorum/quorum.ts'
import type { Recovered } from '../../../src/core/quorum/quorum.ts'
import { quorumDefaults } from '../../../src/core/quorum/state.ts'
import type { QuorumOptions } from '../../../src/core/quorum/state.ts'

const apis = { Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot }

export const CLUSTER = 'cluster'
/** What the tests' node 1 says of itself. */
export const DIRECTORY = 'AAAAAAAAAAAAAAAAAAAA1A'

export interface Setting extends Partial<Recovered> {
  readonly voterIds?: readonly number[]
  readonly options?: Partial<QuorumOptions>
}

/** Node 1, started at time 0, and what its start caused. */
export function begin (setting: Setting = {}): { quorum: Quorum, effects: Effect[] } {
  const { voterIds = [1, 2, 3], options, ...recovered } = setting
  const quorum = new Quorum({
    ...quorumDefaults,
    nodeId: 1,
    directoryId: DIRECTORY,
    clusterId: CLUSTER,
    voters: voterIds.map(id => ({
      id,
      directoryId: ZERO_UUID,
      endpoints: [{ name: 'CONTROLLER', host: `host${id}`, port: 9093 }],
      kraftVersions: [0, 1],
    })),
    endpoints: [{ name: 'CONTROLLER', host: 'host1', port: 9093 }],
    random: () => 0,
    ...options,
  }, {
    vote: undefined,
    startOffset: 0n,
    endOffset: 0n,
    epochs: [],
    snapshots: [],
    snapshotVoters: { voters: undefined, kraftVersion: 0 },
    controlRecords: [],
    ...recovered,
  })
  return { quorum, effects: quorum.start(0) }
}

export function machine (setting: Setting = {}): Quorum { return begin(setting).quorum }

/** What a log looks like that has a batch of `count` records for each epoch. */
export function history (
  ...batches: Array<[epoch: number, count: number]>
): Pick<Recovered, 'endOffset' | 'epochs' | 'vote'> {
  let endOffset = 0n
  const epochs = batches.map(([epoch, count]) => {
    const startOffset = endOffset
    endOffset += BigInt(count)
    return { epoch, startOffset }
  })
  const epoch = batches.at(-1)?.[0] ?? 0
  return {
    endOffset, epochs, vote: { epoch, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID },
  }
}

let nextRequestId = 1

/** Gives the machine a request; returns its effects, the sends left out. */
export function ask (
  quorum: Quorum, api: QuorumApi, request: object, nowMs = 0, version = apis[api].versions[1]
): Array<Exclude<Effect, { do: 'send' }>> {
  const bytes = encode(apis[api].request, version, request as never)
  const decoded = decode(apis[api].request, version, bytes)
  const requestId = nextRequestId
  nextRequestId += 1
  const effects = quorum.step(
    { is: 'request', requestId, api, request: decoded } as QuorumMessage, nowMs)
  return effects.filter(effect => effect.do !== 'send')
}

/** The partition of the answer among the effects, or its top-level error. */
export function answer (effects: readonly Effect[]): any {
  const reply = effects.find(effect => effect.do === 'reply' || effect.do === 'replyFromLog' ||
    effect.do === 'replyFromSnapshot')
  if (reply === undefined) return undefined
  const { response } = reply as any
  const topics = response.topics ?? response.responses
  return topics[0]?.partitions[0] ?? { topLevel: response.errorCode }
}

/** Answers a request that the machine sent to `from`. */
export function respond (
  quorum: Quorum, sent: Effect, partition: object, nowMs = 0, more: object = {}
): Effect[] {
  if (sent.do !== 'send') throw new Error('only what was sent can be answered')
  const { api, to: from, correlationId } = sent
  const topics = api === 'Fetch'
    ? {
      responses: [{
        topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition],
      }],
    }
    : api === 'FetchSnapshot'
      ? { topics: [{ name: METADATA_TOPIC, partitions: [partition] }] }
      : { topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }] }
  const version = apis[api].versions[1]
  const bytes = encode(apis[api].response, version, { ...topics, ...more } as never)
  const response = decode(apis[api].response, version, bytes)
  return quorum.step({ is: 'response', from, correlationId, api, response } as QuorumMessage, nowMs)
}

export const sends = (effects: readonly Effect[]): Array<Extract<Effect, { do: 'send' }>> =>
  effects.filter(effect => effect.do === 'send')

export function voteRequest (more: object = {}, top: object = {}): object {
  return {
    clusterId: CLUSTER,
    voterId: 1,
    topics: [{
      topicName: METADATA_TOPIC,
      partitions: [{
        partitionIndex: 0,
        replicaEpoch: 5,
        replicaId: 2,
        replicaDirectoryId: ZERO_UUID,
        voterDirectoryId: ZERO_UUID,
        lastOffsetEpoch: 4,
        lastOffset: 10n,
        preVote: false,
        ...more,
      }],
    }],
    ...top,
  }
}

export function epochRequest (more: object = {}, top: object = {}): object {
  return {
    clusterId: CLUSTER,
    voterId: 1,
    topics: [{
      topicName: METADATA_TOPIC,
      partitions: [{
        partitionIndex: 0,
        voterDirectoryId: ZERO_UUID,
        leaderId: 2,
        leaderEpoch: 5,
        preferredSuccessors: [],
        preferredCandidates: [],
        ...more,
      }],
    }],
    leaderEndpoints: [{ name: 'CONTROLLER', host: 'leader', port: 1234 }],
    ...top,
  }
}

export function fetchRequest (replicaId: number, more: object = {}, top: object = {}): object {
  return {
    clusterId: CLUSTER,
    replicaId,
    replicaState: { replicaId },
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    topics: [{
      topic: METADATA_TOPIC,
      topicId: METADATA_TOPIC_ID,
      partitions: [{
        partition: 0,
        currentLeaderEpoch: 5,
        fetchOffset: 0n,
        lastFetchedEpoch: 0,
        partitionMaxBytes: 1000,
        ...more,
      }],
    }],
    forgottenTopicsData: [],
    ...top,
  }
}

export function snapshotRequest (more: object = {}, top: object = {}): object {
  return {
    clusterId: CLUSTER,
    replicaId: 2,
    maxBytes: 100,
    topics: [{
      name: METADATA_TOPIC,
      partitions: [{
        partition: 0,
        currentLeaderEpoch: 5,
        snapshotId: { endOffset: 10n, epoch: 3 },
        position: 0n,
        ...more,
      }],
    }],
    ...top,
  }
}

/** Node 1 as the leader of the epoch after its history, elected with the vote of node 2. */
export function leader (
  setting: Setting = {}
): { quorum: Quorum, epoch: number, effects: Effect[] } {
  const quorum = machine({ ...history([1, 2], [4, 8]), ...setting })
  const granted = (effects: Effect[], leaderEpoch: number): Effect[] => {
    const sent = sends(effects).find(effect => effect.api === 'Vote' && effect.to === 2)
    if (sent === undefined) throw new Error('no vote was asked for')
    return respond(quorum, sent,
      { partitionIndex: 0, leaderId: -1, leaderEpoch, voteGranted: true }, 1000)
  }
  const before = quorum.leader.epoch
  const effects = granted(granted(quorum.tick(1000), before), before + 1)
  return { quorum, epoch: quorum.leader.epoch, effects }
}
