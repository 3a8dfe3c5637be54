/** DeleteTopics over the wire (D12); its decider has tests of its own. */
import t from 'tap'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { fetchOne } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('DeleteTopics', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (let version = 1; version <= 5; version++) {
    await raw.topic('a')
    const { responses } = await client.request(DeleteTopics, version, { topicNames: ['a', 'none'], timeoutMs: 30_000 })
    const rows =
      responses.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage]).sort()
    t.same(rows, [['a', 0, null], ['none', 3, version >= 5 ? 'This server does not host this topic-partition.' : null]], `v${version}`)
    t.equal((await fetchOne(client, 'a', 0n)).errorCode, 3, 'D12.6: gone at once')
  }
  const ids = [await raw.topic('a'), await raw.topic('b')]
  const ask = async (topics: Array<{ name?: string | null, topicId?: string }>) => {
    const body = topics.map(({ name = null, topicId = ZERO_UUID }) => ({ name, topicId }))
    const { responses } = await client.request(DeleteTopics, 6, { topics: body, timeoutMs: 30_000 })
    return responses.map(({ name, errorCode }) => `${name}:${errorCode}`).sort()
  }
  t.same(await ask([{}, { name: 'a', topicId: ids[0] as string }]), ['a:42', 'null:42'], 'D12.2: neither, and both')
  t.same(await ask([{ name: 'x' }, { name: 'x' }]), ['x:42'], 'D12.2: twice has one row')
  t.same(await ask([{ topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' }]), ['null:100'], 'D12.3')
  t.same(await ask([{ name: 'a' }, { topicId: ids[0] as string }]).then(rows => rows.every(row => row.endsWith(':42'))), true, 'D12.2: the same by name and id')
  t.same(await ask([{ topicId: ids[0] as string }, { name: 'b' }]), ['a:0', 'b:0'])
  t.match(await client.request(DeleteTopics, 6, { topics: [{ name: 'b', topicId: ZERO_UUID }], timeoutMs: 0 }),
    { responses: [{ name: 'b', errorCode: 7 }] }, 'D0.8')
  const off = await RawBroker.start(t, { 'delete.topic.enable': false })
  const other = await off.client()
  t.equal((await other.request(DeleteTopics, 2, { topicNames: ['a'], timeoutMs: 1000 })).responses[0]?.errorCode, 42, 'D12.1')
  t.equal((await other.request(DeleteTopics, 3, { topicNames: ['a'], timeoutMs: 1000 })).responses[0]?.errorCode, 73, 'D12.1')
})
