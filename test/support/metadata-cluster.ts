/** A cluster on paper: an image, and the decisions of the controller applied to it at once. */
import { decodeMetadata, encodeMetadata } from '../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import { bootstrapRecords } from '../../src/core/controller/bootstrap.ts'
import { brokerHeartbeat } from '../../src/core/controller/brokers.ts'
import { createTopics } from '../../src/core/controller/create-topics.ts'
import type { ConfigRules } from '../../src/core/controller/config-rules.ts'
import type { ControllerSettings } from '../../src/core/controller/decision.ts'
import { registerBroker } from '../../src/core/controller/registration.ts'
import { Sessions } from '../../src/core/controller/sessions.ts'
import { resourceType } from '../../src/core/metadata/configs.ts'
import type { MetadataDelta } from '../../src/core/metadata/delta.ts'
import { supportedFeatures } from '../../src/core/metadata/features.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'

const CLUSTER_ID = 'testtesttesttesttesttQ'
export const SESSION_TIMEOUT_MS = 9000

/** Knows a few keys, enough to see that the rules are asked. */
const fewRules: ConfigRules = {
  check (type, _name, values) {
    if (type !== resourceType.TOPIC) return undefined
    for (const key of values.keys()) {
      if (!/^(retention\.ms|cleanup\.policy|min\.insync\.replicas|unclean\..*)$/.test(key)) {
        return { errorCode: 40, errorMessage: `Unknown topic config name: ${key}` }
      }
    }
    return undefined
  },
  isList: (_type, key) => key === 'cleanup.policy',
  builtInDefault: (_type, key) => key === 'cleanup.policy' ? 'delete' : null,
  topicValue: (key, text) => key === 'min.insync.replicas' ? Number(text) : text === 'true',
  effectiveTopicConfigs: values =>
    [...values].map(([name, value]) => ({ name, value, source: 1, sensitive: false })),
}

/** The same numbers on every run (mulberry32). */
export function seeded (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** An id of the given number: readable, and never reserved. */
export function idOf (number: number): string {
  return Buffer.from([1, ...new Array<number>(11).fill(0), 0, 0, number >> 8, number & 255]).toString('base64url')
}

export class Cluster {
  readonly image = new MetadataImage()
  readonly sessions = new Sessions(SESSION_TIMEOUT_MS)
  readonly log: MetadataEntry[] = []
  readonly random: () => number
  settings: ControllerSettings = {
    clusterId: CLUSTER_ID,
    nodeId: 100,
    numPartitions: 1,
    defaultReplicationFactor: 1,
    deleteTopicEnable: true,
    minInsyncReplicas: 1,
    uncleanLeaderElectionEnable: false,
    configs: fewRules,
  }

  monotonicMs = 0

  constructor (seed = 1) {
    this.random = seeded(seed)
    this.append(bootstrapRecords(1))
  }

  get nextOffset (): bigint { return BigInt(this.log.length) }
  get lastOffset (): bigint { return this.nextOffset - 1n }

  /** Through bytes, as every record travels in truth. */
  append (records: readonly MetadataEntry[]): MetadataDelta | undefined {
    if (records.length === 0) return undefined
    const entries = records.map(it => decodeMetadata(encodeMetadata(it)))
    const baseOffset = this.nextOffset
    this.log.push(...entries)
    return this.image.apply({ baseOffset, leaderEpoch: 1, entries })
  }

  commit<D extends { readonly records: readonly MetadataEntry[], readonly reply: unknown }> (
    decision: D
  ): D['reply'] {
    this.append(decision.records)
    return decision.reply
  }

  registration (brokerId: number, options: Partial<Parameters<typeof registerBroker>[0]> = {}) {
    return {
      brokerId,
      clusterId: CLUSTER_ID,
      incarnationId: idOf(1000 + brokerId),
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId, securityProtocol: 0 }],
      features: supportedFeatures.map(({ name, minVersion, maxVersion }) =>
        ({ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion })),
      rack: null,
      isMigratingZkBroker: false,
      logDirs: [idOf(2000 + brokerId)],
      previousBrokerEpoch: -1n,
      ...options,
    }
  }

  register (brokerId: number, options: Partial<Parameters<typeof registerBroker>[0]> = {}) {
    return this.commit(registerBroker(this.registration(brokerId, options), this))
  }

  heartbeat (brokerId: number, options: Partial<Parameters<typeof brokerHeartbeat>[0]> = {}) {
    const decision = brokerHeartbeat({
      brokerId,
      brokerEpoch: this.image.brokers.get(brokerId)?.epoch ?? -1n,
      currentMetadataOffset: this.lastOffset,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      ...options,
    }, this)
    const reply = this.commit(decision)
    if (decision.heartbeat) {
      this.sessions.heard(decision.heartbeat, this.lastOffset, this.monotonicMs)
    }
    return reply
  }

  /** A topic whose partitions have these replicas. */
  assign (
    name: string, replicas: readonly number[][], configs: Readonly<Record<string, string>> = {}
  ): this {
    const { topics: [row] } = this.commit(createTopics({
      topics: [{
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      }],
      timeoutMs: 1000,
      validateOnly: false,
    }, this))
    if (row?.errorCode !== 0) throw new Error(String(row?.errorMessage))
    return this
  }

  /** Registered and unfenced. */
  start (...brokerIds: number[]): this {
    for (const brokerId of brokerIds) {
      this.register(brokerId)
      this.heartbeat(brokerId)
    }
    return this
  }
}
