/**
 * States of a cluster that one running broker cannot bring about: a second, registered one, and
 * denials.
 */
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { registerBroker } from '../../src/core/controller/registration.ts'
import { supportedFeatures } from '../../src/core/metadata/features.ts'
import { newId } from '../../src/process-environment.ts'
import type { RawBroker } from './raw-broker.ts'

/** Registers a broker that never says anything: it stays fenced. */
export async function registerFenced (raw: RawBroker, brokerId: number): Promise<void> {
  const { reply, problem } = await raw.broker.controller.submit(view => registerBroker({
    brokerId,
    clusterId: raw.broker.clusterId,
    incarnationId: newId(),
    listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 1, securityProtocol: 0 }],
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) =>
      ({ name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion })),
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [newId()],
    previousBrokerEpoch: -1n,
  }, view))
  if ((reply.errorCode ?? 0) !== 0) throw new Error(String(problem))
}

/** A topic whose partitions have these replicas. */
export async function assign (raw: RawBroker, name: string, replicas: number[][]): Promise<void> {
  const client = await raw.client()
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [{
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: [],
    }],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  client.end()
  if (topics[0]?.errorCode !== 0) throw new Error(String(topics[0]?.errorMessage))
}

/** From now on nobody may do anything. */
export function denyAll (raw: RawBroker): void {
  Object.assign(raw.broker, { access: { allows: () => false } })
}
