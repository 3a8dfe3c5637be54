/** FindCoordinator over the wire (groups 1). */
import t from 'tap'
import { FindCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import { findCoordinator as handler } from '../../src/apis/10-find-coordinator.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('groups', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const { nodeId } = raw.broker
  const here = { nodeId, host: '127.0.0.1', port: raw.port }
  for (let version = 0; version <= 3; version++) {
    const answer = await client.request(FindCoordinator, version, { key: 'g', keyType: 0 })
    t.match(answer, { errorCode: 0, ...here, errorMessage: version === 0 ? '' : 'NONE' }, `v${version}: at the first question`)
  }
  for (let version = 4; version <= 6; version++) {
    const { coordinators } = await client.request(FindCoordinator, version, { keyType: 0, coordinatorKeys: ['g', '', 'g'] })
    t.same(coordinators, ['g', '', 'g'].map(key => ({ key, ...here, errorCode: 0, errorMessage: '' })),
      `v${version}: in order, duplicates kept, the empty group is legal`)
  }
  t.equal(raw.broker.metadata.topics.find('__consumer_offsets')?.partitions.length, 50)
  const nobody = { nodeId: -1, host: '', port: -1 }
  for (const keyType of [3, 127, -1]) {
    t.match(await client.request(FindCoordinator, 3, { key: 'g', keyType }), { errorCode: 42, ...nobody }, `1.3: type ${keyType}`)
  }
  t.match(await client.request(FindCoordinator, 5, { keyType: 2, coordinatorKeys: ['g:a:0'] }),
    { coordinators: [{ errorCode: 42, ...nobody }] }, '1.2: share keys below v6')
})

t.test('what has no coordinator in this release: a text for the client, a line for people', async t => {
  const said: string[] = []
  const needs = {
    access: { allows: () => true }, notices: { warn: (line: string) => { said.push(line) } },
  }
  const ask = (version: number, keyType: number, ...keys: string[]) => handler.handle(
    { keyType, key: keys[0] as string, coordinatorKeys: keys }, { version, clientId: 'billing' } as never, needs as never)
  const nobody = { nodeId: -1, host: '', port: -1 }
  const text = 'This release of ottla has no transactions, so transactional.id "tx" cannot be used.'
  t.same(await ask(3, 1, 'tx'), { errorCode: 35, errorMessage: text, ...nobody, coordinators: [] })
  t.same(await ask(4, 1, 'tx', 'x'.repeat(32_767)), {
    ...nobody,
    coordinators: [
      { key: 'tx', errorCode: 35, errorMessage: text, ...nobody },
      {
        key: 'x'.repeat(32_767), errorCode: 35, ...nobody,
        errorMessage: `This release of ottla has no transactions, so transactional.id "${'x'.repeat(100)}" cannot be used.`,
      },
    ],
  })
  t.equal(said[0], `${text} Client "billing" asked for it.`)
  const share = 'g:AAAAAAAAAAAAAAAAAAAAAA:0'
  t.match(await ask(6, 2, share), { coordinators: [{ errorCode: 35, errorMessage: /no share groups.*"g:A+:0"/ }] })
  t.match(await ask(6, 2, 'no share'), { coordinators: [{ errorCode: 42, errorMessage: '' }] })
  t.equal(said.length, 4)
})

t.test('states of others', async t => {
  const needs = (allowed: boolean, leader: number) => ({
    access: { allows: () => allowed },
    groups: { partitionFor: () => 0 },
    metadata: { topics: { partition: () => ({ leader }) } },
    endpoints: { alive: () => [{ nodeId: 1, host: 'h', port: 9 }] },
    topicCreation: { ensureInternal: async () => {} },
  })
  const ask = async (allowed: boolean, leader: number, keyType = 0) => {
    const request = { key: 'k', keyType, coordinatorKeys: [] }
    const call = { version: 2 } as never
    const { errorCode, nodeId } =
      await handler.handle(request, call, needs(allowed, leader) as never) as any
    return [errorCode, nodeId]
  }
  t.same(await ask(true, 1), [0, 1])
  t.same(await ask(false, 1), [30, -1], '1.1: no DESCRIBE on the group')
  t.same(await ask(false, 1, 1), [53, -1], '1.1: nor on the transactional id')
  t.same(await ask(true, 2), [15, -1], '1.5: a leader that is not alive here')
  t.same(await ask(true, -1), [15, -1], '1.5: none')
})
