/** AlterClientQuotas over the wire (D18.3-4). */
import t from 'tap'
import type { Test } from 'tap'
import { AlterClientQuotas } from '../../protocol/messages/49-alter-client-quotas.ts'
import { alterQuotas, entityRows } from '../support/quotas.ts'
import type { Entity, Values } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { denyAll } from '../support/second-broker.ts'

const bob = { 'client-id': 'c', user: 'bob' }

async function start (test: Test) {
  const raw = await RawBroker.start(test)
  const client = await raw.client()
  const stored = () =>
    Object.fromEntries([...raw.broker.metadata.quotas].map(({ entity, values }) =>
      [[...entity].map(([type, name]) => `${type}=${name}`).join(), Object.fromEntries(values)]))
  return { raw, client, stored }
}

t.test('AlterClientQuotas, every version', async t => {
  const { raw, client, stored } = await start(t)
  for (const version of [0, 1]) {
    const change = { producer_byte_rate: 1000 + version, controller_mutation_rate: 0.5 }
    t.same(await alterQuotas(client, version, [
      [{ user: 'bob', 'client-id': 'c' }, change],
      [{ user: null }, { request_percentage: 12.5 }],
      [{ ip: '::1' }, { connection_creation_rate: 5 }],
      [{ user: 'nothing' }, {}],
    ]), {
      throttleTimeMs: 0,
      entries: [bob, { user: null }, { ip: '::1' }, { user: 'nothing' }].map(entity =>
        ({ errorCode: 0, errorMessage: null, entity: entityRows(entity) })),
    }, `v${version}`)
    t.same(stored(), {
      'client-id=c,user=bob': change, 'user=null': { request_percentage: 12.5 }, 'ip=::1': { connection_creation_rate: 5 },
    })
    t.same((await alterQuotas(client, version, [])).entries, [])
  }
  const end = raw.broker.metadata.lastAppliedOffset
  await alterQuotas(client, 1,
    [[bob, { producer_byte_rate: 1001, consumer_byte_rate: null, whatever: null }]])
  t.equal(raw.broker.metadata.lastAppliedOffset, end, 'only changes are written, and removing the absent is fine')
  const others = { producer_byte_rate: null, controller_mutation_rate: null }
  await alterQuotas(client, 1, [[bob, { ...others, consumer_byte_rate: 7 }]])
  t.same(stored()['client-id=c,user=bob'], { consumer_byte_rate: 7 })
  await alterQuotas(client, 1, [[bob, { consumer_byte_rate: null }]])
  t.equal(stored()['client-id=c,user=bob'], undefined)
  t.match(await alterQuotas(client, 1, [[bob, { consumer_byte_rate: 7 }]], true),
    { entries: [{ errorCode: 0 }] })
  t.equal(stored()['client-id=c,user=bob'], undefined, 'only tried')
  t.match(await alterQuotas(client, 1, [[bob, { consumer_byte_rate: 0 }]], true),
    { entries: [{ errorCode: 42 }] })
  denyAll(raw)
  for (const version of [0, 1]) {
    const { entries } =
      await alterQuotas(client, version, [[bob, { consumer_byte_rate: 7 }], [{ user: null }, {}]])
    t.match(entries, [{ errorCode: 31, entity: entityRows(bob) }, { errorCode: 31 }])
  }
})

t.test('2.10: what one batch of metadata does not hold is refused as a whole', async t => {
  const { raw, client, stored } = await start(t)
  const rates = {
    producer_byte_rate: 1, consumer_byte_rate: 1, request_percentage: 1,
    controller_mutation_rate: 1,
  }
  // Each row is four records, which name both of these.
  const rows = (count: number): Array<[Entity, Values]> =>
    Array.from({ length: count }, (_, index) =>
      [{ user: `${index}`.padStart(32_000, 'u'), 'client-id': `${index}`.padStart(32_000, 'c') }, rates])
  const refused = await alterQuotas(client, 1, rows(34))
  t.same(refused.entries.map(({ errorCode }) => errorCode), Array(34).fill(-1))
  t.equal(refused.entries[0]?.errorMessage, 'The server experienced an unexpected error when processing the request.')
  t.same(stored(), {})
  t.match(raw.log.items.filter(({ level }) => level === 'warn'), [{ message: /records take 87\d{5} bytes, and one batch of metadata holds 8388608/ }])
  t.same((await alterQuotas(client, 1, rows(32))).entries.map(({ errorCode }) => errorCode),
    Array(32).fill(0))
  t.equal(Object.keys(stored()).length, 32)
})

t.test('D18.3-4: what is refused, and why', async t => {
  const { client, stored } = await start(t)
  const rate = { producer_byte_rate: 1 }
  const ip = (value: number) => ({ connection_creation_rate: value })
  const rows: Array<[entity: Entity, values: Values, text: string | null]> = [
    [{}, rate, 'Invalid empty client quota entity'],
    [{ foo: 'x' }, rate, 'Unhandled client quota entity type: foo'],
    [{ user: '' }, rate, 'Empty user not supported'],
    [{ 'client-id': '' }, rate, 'Empty client-id not supported'],
    [{ ip: '' }, ip(1), 'Empty ip not supported'],
    [{ ip: '1.2.3.4', user: 'a' }, rate,
      'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId'],
    [{ ip: 'not a host' }, ip(5), 'not a host is not a valid IP or resolvable host.'],
    [{ ip: '300.1.1.1' }, ip(5), '300.1.1.1 is not a valid IP or resolvable host.'],
    [{ ip: 'localhost' }, ip(5), null],
    [{ ip: '1.2' }, ip(5), null],
    [{ ip: null }, ip(2 ** 31 - 1), null],
    [{ ip: '1.2.3.4' }, rate, 'Invalid configuration key producer_byte_rate'],
    [{ user: 'x' }, ip(5), 'Invalid configuration key connection_creation_rate'],
    [{ user: 'x' }, { nope: 1 }, 'Invalid configuration key nope'],
    [{ user: 'x' }, { 'SCRAM-SHA-256': 1 }, 'Invalid configuration key SCRAM-SHA-256'],
    [{ user: 'x' }, { producer_byte_rate: 0 }, 'Quota producer_byte_rate must be greater than 0'],
    [{ user: 'x' }, { consumer_byte_rate: -0.5 }, 'Quota consumer_byte_rate must be greater than 0'],
    [{ user: 'x' }, { request_percentage: -1 }, 'Quota request_percentage must be greater than 0'],
    [{ ip: '1.1.1.1' }, ip(0), 'Quota connection_creation_rate must be greater than 0'],
    [{ user: 'x' }, { producer_byte_rate: 1.5 }, 'producer_byte_rate cannot be a fractional value.'],
    [{ user: 'x' }, { producer_byte_rate: 0.9999999 }, 'producer_byte_rate cannot be a fractional value.'],
    [{ user: 'x1' }, { producer_byte_rate: 1.0000001 }, null],
    [{ user: 'x' }, { consumer_byte_rate: 1e30 }, 'Proposed value for consumer_byte_rate is too large for a LONG.'],
    [{ user: 'x' }, { consumer_byte_rate: Infinity }, 'Proposed value for consumer_byte_rate is too large for a LONG.'],
    [{ user: 'x2' }, { consumer_byte_rate: 2 ** 63 }, null],
    [{ user: 'x3' }, { request_percentage: Infinity }, null],
    [{ ip: '1.1.1.1' }, ip(5.5), 'connection_creation_rate cannot be a fractional value.'],
    [{ ip: '1.1.1.1' }, ip(2 ** 31), 'Proposed value for connection_creation_rate is too large for an INT.'],
    [{ user: 'x4' }, { nope: null }, null],
    [{ user: 'half' }, { producer_byte_rate: 5, nope: 7 }, 'Invalid configuration key nope'],
  ]
  for (const [entity, values, errorMessage] of rows) {
    const { entries } = await alterQuotas(client, 1, [[entity, values]])
    t.match(entries, [{ errorCode: errorMessage === null ? 0 : 42, errorMessage }],
      `${JSON.stringify(entity)} ${JSON.stringify(values)}`)
  }
  t.equal(stored()['user=x'], undefined)
  t.equal(stored()['user=half'], undefined, 'a failed entity changes nothing')
  const both = await alterQuotas(client, 1, [[{ user: 'good' }, rate], [{ user: 'bad' }, { producer_byte_rate: 0 }]])
  t.match(both.entries, [{ errorCode: 0 }, { errorCode: 42 }])
  t.same(stored()['user=good'], rate, 'others do not suffer')
})

t.test('what is named twice', async t => {
  const { client, stored } = await start(t)
  const op = (value: number) => ({ key: 'producer_byte_rate', value, remove: false })
  type Entry = { entity: ReturnType<typeof entityRows>, ops: Array<ReturnType<typeof op>> }
  const alter = async (...entries: Entry[]) =>
    (await client.request(AlterClientQuotas, 1, { entries, validateOnly: false })).entries
  const x = entityRows({ user: 'x', 'client-id': 'c' })
  const repeated = {
    errorCode: 42, errorMessage: 'Ignoring duplicate entity ClientQuotaEntity(entries={client-id=c, user=x})',
  }
  t.match(await alter({ entity: x, ops: [op(5), op(6)] }), [repeated], 'a key')
  t.same(stored(), {})
  const twice = await alter({ entity: x, ops: [op(5)] }, { entity: [...x].reverse(), ops: [op(7)] })
  t.equal(twice.length, 1)
  t.match(twice, [repeated], 'an entity: the first is done all the same')
  t.same(stored(), { 'client-id=c,user=x': { producer_byte_rate: 5 } })
  const types = [...entityRows({ user: 'y' }), ...entityRows({ user: 'z' })]
  t.match(await alter({ entity: types, ops: [op(5)] }), [{ errorCode: 0, entity: entityRows({ user: 'z' }) }],
    'D0.10: of two names of a type the last counts')
  const many = Array.from({ length: 10_001 }, (_, index) =>
    ({ entity: entityRows({ user: `many${index}` }), ops: [op(5)] }))
  const large = await alter(...many)
  t.ok(large.length === many.length && large.every(({ errorCode }) => errorCode === 44), 'D0.7')
  t.equal(Object.keys(stored()).length, 2)
})
