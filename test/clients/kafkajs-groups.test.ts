/**
 * Groups of kafkajs members: they share the partitions, come, go, vanish and return, and lose
 * nothing.
 */
import { AssignerProtocol, PartitionAssigners } from 'kafkajs'
import type { Consumer, PartitionAssigner } from 'kafkajs'
import t from 'tap'
import type { Test } from 'tap'
import { Clients, Machine, received } from '../support/kafkajs.ts'
import type { Received } from '../support/kafkajs.ts'
import { Inbox } from '../support/inbox.ts'

const clients = await Clients.start(t, { 'group.min.session.timeout.ms': 100 })
const admin = clients.kafka.admin()
t.teardown(() => admin.disconnect())
await admin.connect()

interface Member {
  readonly consumer: Consumer
  /** The partitions of each assignment, in order. */
  readonly assignments: Inbox<number[]>
  readonly inbox: Inbox<Received>
}

interface MemberOptions {
  readonly topic: string
  readonly groupId: string
  readonly machine?: Machine
  readonly config?: object
  /** Everything that the group reads, whoever reads it. */
  readonly all: Inbox<Received>
}

async function join (
  t: Test, { topic, groupId, machine, config = {}, all }: MemberOptions
): Promise<Member> {
  const consumer = await clients.consumer({ groupId, ...config }, t, machine?.kafka)
  const member: Member = { consumer, assignments: new Inbox(), inbox: new Inbox() }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    member.assignments.push([...payload.memberAssignment[topic] ?? []].sort())
  })
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async each => {
      member.inbox.push(received(each))
      all.push(received(each))
    },
  })
  return member
}

/** Ends when the last assignments of these members are all the partitions, each at one of them. */
async function sharing (members: readonly Member[], partitions: number): Promise<void> {
  const whole = (): boolean => {
    const owned = members.flatMap(({ assignments }) => assignments.items.at(-1) ?? [])
    return owned.length === partitions && new Set(owned).size === partitions
  }
  for (;;) {
    if (whole()) return
    await Promise.race(
      members.map(({ assignments }) => assignments.has(assignments.items.length + 1))
    )
  }
}

/** Sends to every partition, numbered within it. */
function writer (topic: string, partitions: number): (count: number) => Promise<void> {
  let next = 0
  return async count => {
    const messages = Array.from({ length: count }, (_, n) => n + next)
      .flatMap(n => Array.from({ length: partitions }, (_, partition) => ({ partition, value: `${n}` })))
    next += count
    await clients.send(topic, messages)
  }
}

/** What was read of each partition: without gaps, in order, at least once. */
function isComplete (read: readonly Received[], partitions: number, count: number): boolean {
  return Array.from({ length: partitions }, (_, partition) => {
    let next = 0
    for (const each of read) {
      if (each.partition !== partition) continue
      const value = Number(each.value)
      if (value > next) return false
      if (value === next) next++
    }
    return next === count
  }).every(Boolean)
}

const duplicates = (read: readonly Received[]): number =>
  read.length - new Set(read.map(({ partition, offset }) => `${partition}/${offset}`)).size

t.test('members join one after another and leave again; each record is read once', async t => {
  const [topic, groupId] = [await clients.topic(6), clients.name('group')]
  const write = writer(topic, 6)
  const all = new Inbox<Received>()
  const first = await join(t, { topic, groupId, all })
  await sharing([first], 6)
  await write(5)
  await all.has(30)
  const second = await join(t, { topic, groupId, all })
  await sharing([first, second], 6)
  const third = await join(t, { topic, groupId, all })
  await sharing([first, second, third], 6)
  t.same(
    [first, second, third].map(({ assignments }) => assignments.items.at(-1)?.length), [2, 2, 2]
  )
  await write(5)
  await all.has(60)
  t.ok([first, second, third].every(({ inbox }) => inbox.items.length >= 10), 'all of them work')
  await second.consumer.disconnect()
  await sharing([first, third], 6)
  await write(5)
  await all.has(90)
  await first.consumer.disconnect()
  await sharing([third], 6)
  await write(5)
  await all.has(120)
  t.ok(isComplete(all.items, 6, 20))
  t.equal(duplicates(all.items), 0)
  t.equal(all.items.length, 120)
})

t.test('several members that start at once form one generation or follow into the next', async t => {
  const [topic, groupId] = [await clients.topic(8), clients.name('group')]
  const all = new Inbox<Received>()
  await writer(topic, 8)(10)
  const members =
    await Promise.all(Array.from({ length: 4 }, () => join(t, { topic, groupId, all })))
  await sharing(members, 8)
  await all.until(items => isComplete(items, 8, 10))
  t.same(members.map(({ assignments }) => assignments.items.at(-1)?.length), [2, 2, 2, 2])
  const { groups } = await admin.describeGroups([groupId])
  t.match(groups[0], { state: 'Stable', protocol: 'RoundRobinAssigner', protocolType: 'consumer' })
  t.equal(groups[0]?.members.length, 4)
})

t.test('more members than partitions: the spare one waits, and takes over', async t => {
  const [topic, groupId] = [await clients.topic(1), clients.name('group')]
  const all = new Inbox<Received>()
  const write = writer(topic, 1)
  const busy = await join(t, { topic, groupId, all })
  await sharing([busy], 1)
  const spare = await join(t, { topic, groupId, all })
  await sharing([busy, spare], 1)
  await write(3)
  await all.has(3)
  const [worker, idle] = busy.inbox.items.length > 0 ? [busy, spare] : [spare, busy]
  t.equal(idle.inbox.items.length, 0)
  await worker.consumer.disconnect()
  await sharing([idle], 1)
  await write(3)
  await all.has(6)
  t.same(idle.inbox.items.map(({ value }) => value), ['3', '4', '5'])
})

t.test('two groups each read everything', async t => {
  const topic = await clients.topic(2)
  const [left, right] = [new Inbox<Received>(), new Inbox<Received>()]
  await join(t, { topic, groupId: clients.name('group'), all: left })
  await join(t, { topic, groupId: clients.name('group'), all: right })
  await writer(topic, 2)(10)
  await left.has(20)
  await right.has(20)
  t.ok(isComplete(left.items, 2, 10) && isComplete(right.items, 2, 10))
})

t.test('an assigner of the user decides, and sees what the members said of themselves', async t => {
  const [topic, groupId] = [await clients.topic(4), clients.name('group')]
  const told: string[] = []
  const everythingToOne = (name: string): PartitionAssigner => () => ({
    name: 'EverythingToOne',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'EverythingToOne',
      metadata: AssignerProtocol.MemberMetadata.encode(
        { version: 1, topics, userData: Buffer.from(name) }
      ),
    }),
    assign: async ({ members, topics }) => {
      const wishes = members.map(({ memberId, memberMetadata }) =>
        ({ memberId, name: `${AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData}` }))
      told.push(...wishes.map(({ name }) => name))
      const chosen = wishes.find(({ name }) => name === 'chosen')?.memberId ?? wishes[0]?.memberId
      return wishes.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(
            topics.map(name => [name, memberId === chosen ? [0, 1, 2, 3] : []])
          ),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
  const all = new Inbox<Received>()
  const config = (name: string): object =>
    ({ partitionAssigners: [everythingToOne(name), PartitionAssigners.roundRobin] })
  const other = await join(t, { topic, groupId, all, config: config('other') })
  await sharing([other], 4)
  const chosen = await join(t, { topic, groupId, all, config: config('chosen') })
  await sharing([chosen], 4)
  await other.assignments.until(items => items.at(-1)?.length === 0)
  t.ok(told.includes('chosen') && told.includes('other'))
  await writer(topic, 4)(3)
  await all.has(12)
  t.equal(chosen.inbox.items.length, 12)
})

t.test('members without a common assigner cannot be in one group', async t => {
  const [topic, groupId] = [await clients.topic(1), clients.name('group')]
  const all = new Inbox<Received>()
  const first = await join(t, { topic, groupId, all })
  await sharing([first], 1)
  const stranger: PartitionAssigner = () => ({
    name: 'Stranger',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'Stranger',
      metadata: AssignerProtocol.MemberMetadata.encode(
        { version: 1, topics, userData: Buffer.alloc(0) }
      ),
    }),
    assign: async () => [],
  })
  const consumer =
    await clients.consumer({ groupId, partitionAssigners: [stranger], retry: { retries: 0 } }, t)
  const crash = new Promise<string>(resolve => {
    consumer.on(consumer.events.CRASH, ({ payload }) => { resolve((payload.error as Error & { type?: string }).type ?? '') })
  })
  await consumer.subscribe({ topic })
  await consumer.run({ eachMessage: async () => {} }).catch(() => {})
  t.equal(await crash, 'INCONSISTENT_GROUP_PROTOCOL')
  await writer(topic, 1)(1)
  await all.has(1)
  t.pass('the group goes on')
})

t.test('a member that vanished is missed after its session, and its work is done from the last commit', async t => {
  const [topic, groupId] = [await clients.topic(4), clients.name('group')]
  const write = writer(topic, 4)
  const all = new Inbox<Received>()
  const config = { sessionTimeout: 3000, rebalanceTimeout: 5000 }
  const machine = new Machine(clients.broker)
  const stays = await join(t, { topic, groupId, all, config })
  await sharing([stays], 4)
  const vanishes = await join(t, { topic, groupId, all, config, machine })
  await sharing([stays, vanishes], 4)
  await write(10)
  await all.until(items => isComplete(items, 4, 10))
  t.ok(vanishes.inbox.items.length > 0)
  machine.pullPlug()
  await write(10)
  const returns = await join(t, { topic, groupId, all, config })
  await sharing([stays, returns], 4)
  await all.until(items => isComplete(items, 4, 20))
  const { groups } = await admin.describeGroups([groupId])
  t.match(groups[0], { state: 'Stable' })
  t.equal(groups[0]?.members.length, 2, 'the vanished member is not among them')
  t.ok(duplicates(all.items) <= vanishes.inbox.items.length, 'only what the vanished member had not committed comes twice')
})

t.test('a handler that is slower than the session beats through the work', async t => {
  const [topic, groupId] = [await clients.topic(1), clients.name('group')]
  await writer(topic, 1)(20)
  const consumer = await clients.consumer({ groupId, sessionTimeout: 6000 }, t)
  const beats = new Inbox<string>()
  consumer.on(consumer.events.HEARTBEAT, ({ payload }) => { beats.push(payload.memberId) })
  const done = new Inbox<string>()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message, heartbeat }) => {
      const before = beats.items.length
      if (message.offset === '0') {
        // Beats are at least heartbeatInterval apart; the handler asks until one was sent.
        while (beats.items.length === before) {
          await heartbeat()
          await new Promise(resolve => { setImmediate(resolve) })
        }
      }
      done.push(message.offset)
    },
  })
  await done.has(20)
  t.equal(done.items.length, 20)
  t.ok(beats.items.length > 0)
})

t.test('an empty group is kept with its offsets, and goes on from them', async t => {
  const [topic, groupId] = [await clients.topic(3), clients.name('group')]
  const write = writer(topic, 3)
  const all = new Inbox<Received>()
  for (let round = 1; round <= 3; round++) {
    await write(4)
    const member = await join(t, { topic, groupId, all })
    await all.has(12 * round)
    await member.consumer.disconnect()
    const { groups } = await admin.describeGroups([groupId])
    t.match(groups[0], { state: 'Empty', members: [] })
  }
  t.ok(isComplete(all.items, 3, 12))
  t.equal(duplicates(all.items), 0)
})
