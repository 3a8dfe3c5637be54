/** controller_mutation_rate over the wire (KIP-599, D10.9, D11.5, D12.4). */
import t from 'tap'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { setQuota } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { throttled } from '../support/throttling.ts'

/** One partition a second, and at most eleven at once. */
const BURST = 11

interface Outcome {
  errorCode: number | undefined
  errorMessage?: string | null
  throttleTimeMs: number
}

async function create (
  client: RawClient, version: number, clientId: string, name: string, numPartitions: number
): Promise<Outcome> {
  const { topics: [row], throttleTimeMs } = await client.request(CreateTopics, version, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
    validateOnly: false,
  }, { clientId })
  return { errorCode: row?.errorCode, errorMessage: row?.errorMessage ?? null, throttleTimeMs }
}

async function remove (
  client: RawClient, version: number, clientId: string, name: string
): Promise<Outcome> {
  const { responses: [row], throttleTimeMs } = await client.request(DeleteTopics, version,
    { topics: [{ name, topicId: ZERO_UUID }], topicNames: [name], timeoutMs: 30_000 }, { clientId })
  return { errorCode: row?.errorCode, throttleTimeMs }
}

async function extend (
  client: RawClient, version: number, clientId: string, name: string, count: number
): Promise<Outcome> {
  const { results: [row], throttleTimeMs } = await client.request(CreatePartitions, version, {
    topics: [{ name, count, assignments: null }], timeoutMs: 30_000, validateOnly: false,
  }, { clientId })
  return { errorCode: row?.errorCode, throttleTimeMs }
}

t.test('the versions that know the error are refused, those before are slowed down', async t => {
  const raw = await RawBroker.start(t)
  const admin = await raw.client()
  await raw.topic('present', 2)
  await setQuota(admin, { 'client-id': null }, { controller_mutation_rate: 1 })
  type Act = (client: RawClient, clientId: string) => Promise<Outcome>
  const strict: Array<[name: string, version: number, act: Act]> = [
    ['CreateTopics', 6, (client, id) => create(client, 6, id, `late6-${id}`, 1)],
    ['CreateTopics', 7, (client, id) => create(client, 7, id, `late7-${id}`, 1)],
    ['DeleteTopics', 5, (client, id) => remove(client, 5, id, 'present')],
    ['DeleteTopics', 6, (client, id) => remove(client, 6, id, 'present')],
    ['CreatePartitions', 3, (client, id) => extend(client, 3, id, 'present', 3)],
  ]
  for (const [name, version, act] of strict) {
    const clientId = `${name}-v${version}`
    const client = await raw.client()
    t.same(await create(client, 7, clientId, `burst-${clientId}`, BURST + 2),
      { errorCode: 0, errorMessage: null, throttleTimeMs: 0 }, `${clientId}: a burst, and two more, once`)
    const refused = await act(client, clientId)
    t.match(refused, { errorCode: 89, throttleTimeMs: 2000 }, 'until what is owed has refilled')
    await throttled(t, raw, client, 2000)
  }
  t.equal(raw.broker.metadata.topics.find('present')?.partitions.length, 2, 'nothing was done')
  const permissive: Array<[name: string, act: Act]> = [
    ['CreateTopics v5', (client, id) => create(client, 5, id, 'late5', 1)],
    ['CreateTopics v2', (client, id) => create(client, 2, id, 'late2', 1)],
    ['CreatePartitions v2', (client, id) => extend(client, 2, id, 'present', 3)],
    ['CreatePartitions v0', (client, id) => extend(client, 0, id, 'present', 4)],
    ['DeleteTopics v4', (client, id) => remove(client, 4, id, 'late5')],
    ['DeleteTopics v1', (client, id) => remove(client, 1, id, 'late2')],
  ]
  for (const [clientId, act] of permissive) {
    const client = await raw.client()
    await create(client, 7, clientId, `burst-${clientId.replace(' ', '-')}`, BURST + 2)
    t.match(await act(client, clientId), { errorCode: 0, throttleTimeMs: 3000 }, `${clientId}: done, and one more owed`)
    await throttled(t, raw, client, 3000)
  }
  t.equal((await create(admin, 7, 'free', 'free', 1)).throttleTimeMs, 0)
})

t.test('topics that a client merely names count as its own', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await setQuota(client, { 'client-id': 'c' }, { controller_mutation_rate: 1 })
  await create(client, 7, 'c', 'burst', BURST + 1)
  const name = async (topic: string, clientId: string) => {
    const { topics } = await client.request(Metadata, 12,
      { topics: [{ name: topic, topicId: ZERO_UUID }], allowAutoTopicCreation: true } as never,
      { clientId })
    return topics[0]?.errorCode
  }
  t.equal(await name('named', 'c'), 3, 'D2.6: the answer does not say why')
  t.equal(await name('named', 'd'), 0, 'another client may')
  raw.clock.advance(2000)
  t.equal(await name('later', 'c'), 0)
})
