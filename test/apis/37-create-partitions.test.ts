/** CreatePartitions over the wire (D11); its decider has tests of its own. */
import t from 'tap'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import { createPartitions as handler } from '../../src/apis/37-create-partitions.ts'
import { groupClient } from '../support/grouping.ts'
import { batchOf, fetchOne, produce, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

interface Wanted { name: string, count: number, assignments?: number[][] }

/** Each row as [name, error, message]. */
async function ask (
  client: RawClient, version: number, topics: Wanted[], validateOnly = false, timeoutMs = 30_000
) {
  const { results } = await client.request(CreatePartitions, version, {
    topics: topics.map(({ name, count, assignments = null }) =>
      ({ name, count, assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null })),
    timeoutMs,
    validateOnly,
  })
  return results.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage])
}

t.test('partitions are there once they are answered', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 1)
  await produce(client, 'a', batchOf(['old']))
  for (let version = 0; version <= 3; version++) {
    const count = version + 2
    t.same(await ask(client, version, [{ name: 'a', count }], true), [['a', 0, null]], `v${version}: checked only`)
    t.equal((await produce(client, 'a', batchOf(['no']), { index: count - 1 })).errorCode, 3)
    t.same(await ask(client, version, [{ name: 'a', count }]), [['a', 0, null]], `v${version}`)
    t.equal((await produce(client, 'a', batchOf(['new']), { index: count - 1 })).errorCode, 0, 'open at once')
  }
  t.same(await ask(client, 3, [{ name: 'a', count: 7, assignments: [[1], [1]] }]), [['a', 0, null]])
  t.equal(raw.broker.metadata.topics.find('a')?.partitions.length, 7)
  t.same(recordsIn(await fetchOne(client, 'a', 0n)), [[0n, 'old']], 'the old ones stay')
})

t.test('D11: each refusal', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  await raw.topic('a', 2)
  const cases: Array<[rule: string, Wanted, number, string | RegExp | null]> = [
    ['2', { name: 'none', count: 3 }, 3, null],
    ['3', { name: 'a', count: 2 }, 37, 'Topic already has 2 partition(s).'],
    ['3', { name: 'a', count: 1 }, 37, 'The topic a currently has 2 partition(s); 1 would not be an increase.'],
    ['3', { name: 'a', count: -1 }, 37, 'The topic a currently has 2 partition(s); -1 would not be an increase.'],
    ['4', { name: 'a', count: 4, assignments: [[1]] }, 39, /2 additional partition\(s\), but only 1 assignment/],
    ['4', { name: 'a', count: 3, assignments: [[1, 1]] }, 39, /./],
    ['4', { name: 'a', count: 3, assignments: [[9]] }, 39, /./],
    ['4', { name: 'a', count: 3, assignments: [[]] }, 39, /./],
  ]
  for (const [rule, wanted, errorCode, message] of cases) {
    const rows = await ask(client, 3, [wanted])
    t.match(rows, [[wanted.name, errorCode, message]], `D11.${rule}: ${JSON.stringify(wanted)}`)
  }
  t.same(await ask(client, 3, [{ name: 'a', count: 3 }, { name: 'a', count: 4 }]), [['a', 42, 'Duplicate topic name.']], 'D11.1')
  t.match(await ask(client, 3, [{ name: 'a', count: 3 }], false, 0), [['a', 7]], 'D0.8: no time at all is never enough')
  t.same(await ask(client, 3, [{ name: '__consumer_offsets', count: 51 }]), [['__consumer_offsets', 0, null]], 'D11.5: internal topics too')
  const denied = {
    access: { allows: () => false },
    environment: { nowMs: () => 0, monotonicMs: () => 0 },
    quotas: { mutation: { allowance: () => undefined } },
    replicas: { settled: async () => {} },
    controller: {
      submit: async (decide: (view: object) => object) => decide(raw.broker.controller),
    },
  } as never
  const body = { topics: [{ name: 'a', count: 3, assignments: null }], timeoutMs: 1, validateOnly: false } as never
  t.match(await handler.handle(body, { session: {} } as never, denied), { results: [{ name: 'a', errorCode: 29, errorMessage: null }] }, 'D11.1')
})
