/** Which quota concerns whom, and what is asked of them (KIP-13, KIP-124, KIP-546, KIP-599). */
import t from 'tap'
import { ClientQuotas } from '../../../src/core/quota/client-quotas.ts'
import { Limits } from '../../../src/core/quota/limits.ts'
import { ConnectionRates } from '../../../src/core/quota/connection-rates.ts'
import { Meters, METERS_MAX } from '../../../src/core/quota/meters.ts'

const START_MS = 1_700_000_000_000
const KEY = 'producer_byte_rate'

type Entity = Record<string, string | null>

const entry = (entity: Entity, values: Record<string, number>) =>
  ({ entity: new Map(Object.entries(entity)), values: new Map(Object.entries(values)) })

const clientOf = (user: string, clientId: string | null) => ({ principal: `User:${user}`, clientId })

const windows = {
  clients: { samples: 11, sampleMs: 1000 }, controller: { samples: 11, sampleMs: 1000 },
}

function quotasOf (...entries: Array<ReturnType<typeof entry>>): ClientQuotas {
  const quotas = new ClientQuotas(windows)
  quotas.load(entries)
  return quotas
}

t.test('the most specific quota counts', async t => {
  const levels: Entity[] = [
    { user: 'u', 'client-id': 'c' }, { user: 'u', 'client-id': null }, { user: 'u' },
    { user: null, 'client-id': 'c' }, { user: null, 'client-id': null }, { user: null },
    { 'client-id': 'c' }, { 'client-id': null },
  ]
  for (const present of levels.keys()) {
    const limits = new Limits()
    limits.load(levels.map(
      (entity, level) => entry(entity, level >= present ? { [KEY]: level + 1 } : {})
    ), KEY)
    t.equal(limits.size, levels.length - present)
    t.equal(limits.find(clientOf('u', 'c'))?.bound, present + 1, JSON.stringify(levels[present]))
  }
  const limits = new Limits()
  limits.load(levels.map((entity, level) => entry(entity, { [KEY]: level + 1 })), KEY)
  const bound = (user: string, clientId: string) => limits.find(clientOf(user, clientId))?.bound
  t.same([bound('u', 'x'), bound('x', 'c'), bound('x', 'x'), bound('u', ''), bound('x', '')], [2, 4, 5, 3, 6])
  limits.load([entry({ 'client-id': null }, { [KEY]: 1 }), entry({ ip: null }, { [KEY]: 9 })], KEY)
  t.same([bound('u', 'c'), bound('u', '')], [1, undefined], 'who sends no client id has no quota of one')
  limits.load([entry({ user: '*' }, { [KEY]: 1 }), entry({ user: '' }, { other: 1 })], KEY)
  t.same([bound('x', 'c'), bound('*', 'c')], [undefined, 1], 'a name is never a default')
  limits.load([entry({ user: 'a:b' }, { [KEY]: 1 })], KEY)
  t.equal(bound('a:b', 'c'), 1, 'the type of a principal ends at the first colon')
})

t.test('who shares a quota', async t => {
  const limits = new Limits()
  const subject = (user: string, clientId: string) => limits.find(clientOf(user, clientId))?.subject
  limits.load([entry({ user: null }, { [KEY]: 1 })], KEY)
  t.equal(subject('u', 'a'), subject('u', 'b'), 'all clients of a user')
  t.not(subject('u', 'a'), subject('v', 'a'), 'a default is for each user')
  limits.load([entry({ 'client-id': null }, { [KEY]: 1 })], KEY)
  t.equal(subject('u', 'a'), subject('v', 'a'), 'all users of a client id')
  limits.load([entry({ user: null, 'client-id': null }, { [KEY]: 1 })], KEY)
  t.not(subject('u', 'a'), subject('u', 'b'))
  t.not(subject('u', 'a=b'), subject('u=a', 'b'), 'whatever the names contain')
})

t.test('each quota has its own key, and works from when it is set', async t => {
  const client = clientOf('u', null)
  const quotas = quotasOf(entry({ user: 'u' }, { consumer_byte_rate: 10 }))
  t.same([quotas.produce.isUnset, quotas.fetch.isUnset, quotas.request.isUnset,
    quotas.mutation.isUnset],
  [true, false, true, true])
  t.equal(quotas.produce.record(client, 1e9, START_MS), 0)
  t.equal(quotas.fetch.record(client, 200, START_MS), 10_000, 'twice the rate over ten seconds')
  t.equal(quotas.fetch.record(clientOf('v', ''), 1e9, START_MS), 0, 'not for others')
  t.equal(quotas.fetch.largestAtOnce(client), 100)
  t.equal(quotas.fetch.largestAtOnce(clientOf('v', '')), Infinity)
  quotas.load([entry({ user: 'u' }, { consumer_byte_rate: 40 })])
  t.equal(quotas.fetch.record(client, 0, START_MS), 0, 'a higher quota holds at once, for what was used before too')
  quotas.fetch.count(client, 1000, START_MS)
  t.ok(quotas.fetch.record(client, 0, START_MS) > 0)
  quotas.fetch.count(client, -1000, START_MS)
  t.equal(quotas.fetch.record(client, 0, START_MS), 0, 'taken back')
  quotas.load([])
  t.ok(quotas.fetch.isUnset)
  t.equal(quotas.fetch.record(client, 1e9, START_MS), 0)
})

t.test('KIP-124: requests wait a sample at most; odd bounds ask for nothing', async t => {
  const client = clientOf('u', 'c')
  const quotas = quotasOf(entry({ user: 'u' }, { request_percentage: 1, [KEY]: Number.NaN }))
  t.equal(quotas.request.record(client, 9, START_MS), 0)
  t.equal(quotas.request.record(client, 3, START_MS), 1000, 'not two seconds')
  t.equal(quotas.produce.record(client, 9, START_MS), 0, 'NaN')
  const consumers = quotasOf(entry({ user: 'u' }, { consumer_byte_rate: Number.NaN }))
  t.equal(consumers.fetch.largestAtOnce(client), Infinity)
  quotas.load([entry({ user: 'u' }, { [KEY]: Infinity })])
  t.equal(quotas.produce.record(client, 1e12, START_MS), 0)
  quotas.load([entry({ user: 'u' }, { [KEY]: 1e-9 })])
  t.equal(quotas.produce.record(client, 1e12, START_MS), 2 ** 31 - 1, 'what the field can hold')
})

t.test('KIP-599: a strict quota refuses what is beyond it, a permissive one slows down', async t => {
  const client = clientOf('u', 'c')
  const quotas = quotasOf(entry({ user: 'u' }, { controller_mutation_rate: 2 }))
  t.equal(quotas.mutation.allowance(clientOf('v', 'c'), true, START_MS), undefined)
  const strict = quotas.mutation.allowance(client, true, START_MS)
  t.ok(strict?.admit(30, START_MS), 'a burst may be taken whole, and more, once')
  t.equal(strict?.throttleMs(START_MS), 0)
  t.notOk(strict?.admit(1, START_MS), 'then what is owed refills first')
  t.equal(strict?.throttleMs(START_MS), 4000, 'eight, by two a second')
  t.equal(strict?.throttleMs(START_MS + 1500), 2500, 'the time that has passed counts')
  t.equal(strict?.throttleMs(START_MS + 9000), 0)
  const permissive = quotas.mutation.allowance(client, false, START_MS + 4000)
  t.ok(permissive?.admit(1, START_MS + 4000))
  t.equal(permissive?.throttleMs(START_MS + 4000), 500)
  t.ok(permissive?.admit(1, START_MS + 4000), 'more is taken all the same')
  t.equal(permissive?.throttleMs(START_MS + 4000), 1000)
  t.ok(quotas.mutation.allowance(client, true, START_MS + 5000)?.admit(1, START_MS + 5000))
})

t.test('what nobody has used for an hour is forgotten', async t => {
  const meters = new Meters(() => ({}))
  const first = meters.of('a', START_MS)
  t.equal(meters.of('a', START_MS + 3_599_999), first)
  meters.of('b', START_MS + 3_599_999)
  t.equal(meters.size, 2)
  meters.of('c', START_MS + 7_199_998)
  t.equal(meters.size, 3)
  meters.of('c', START_MS + 7_259_998)
  t.equal(meters.size, 1)
})

t.test('invented names drive out the longest unused meters, and no more is kept of them', async t => {
  const meters = new Meters(() => ({}))
  const [first, second] = [meters.of('first', START_MS), meters.of('second', START_MS)]
  for (let index = 2; index < METERS_MAX; index++) meters.of(`invented-${index}`, START_MS)
  t.equal(meters.of('first', START_MS), first)
  meters.of('one more', START_MS)
  t.equal(meters.size, METERS_MAX)
  t.equal(meters.of('first', START_MS), first, 'used since')
  t.not(meters.of('second', START_MS), second)
  t.equal(meters.of('x'.repeat(512), START_MS), meters.of('x'.repeat(30_000), START_MS))
  t.not(meters.of('x'.repeat(511), START_MS), meters.of('x'.repeat(512), START_MS))
})

t.test('KIP-612: how fast connections are made', async t => {
  const rates = new ConnectionRates({ samples: 3, sampleMs: 1000 })
  const free = { perSecond: Infinity, perSecondByListener: new Map() }
  for (let count = 0; count < 99; count++) {
    t.equal(rates.delayMs('A', free, START_MS) + rates.refusedForMs('A', '1.1.1.1', START_MS), 0)
  }
  rates.load([entry({ ip: null }, { connection_creation_rate: 2 }), entry({ ip: '2.2.2.2' }, { connection_creation_rate: 1 }),
    entry({ user: 'u' }, { producer_byte_rate: 1 })])
  const refusals = (address: string, nowMs: number): number[] =>
    Array.from({ length: 6 }, () => rates.refusedForMs('A', address, nowMs))
  t.same(refusals('1.1.1.1', START_MS), [0, 0, 0, 0, 500, 500], 'four in two seconds: the fifth would make 2.5 a second')
  t.same(refusals('2.2.2.2', START_MS), [0, 0, 1000, 1000, 1000, 1000], 'a quota of its own; a sample at most')
  t.same(refusals('1.1.1.1', START_MS + 3001), [0, 0, 0, 0, 500, 500])
  const bounded = { perSecond: 2, perSecondByListener: new Map([['B', 1]]) }
  const fresh = new ConnectionRates({ samples: 3, sampleMs: 1000 })
  const delays = (listener: string, count: number): number[] =>
    Array.from({ length: count }, () => fresh.delayMs(listener, bounded, START_MS))
  t.same(delays('B', 3), [0, 0, 1000])
  t.same(delays('A', 2), [0, 500], 'listeners count for the broker together')
})
