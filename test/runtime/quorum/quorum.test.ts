import t from 'tap'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { metadataBatch, metadataBatchBytes } from '../../../src/runtime/quorum/log.ts'
import { METADATA_LOG, NotLeaderError } from '../../../src/runtime/quorum/quorum.ts'
import { saveVote } from '../../../src/runtime/quorum/snapshots.ts'
import { texts, World } from './world.ts'
import type { Node } from './world.ts'

const bytes = (...values: string[]): Buffer[] => values.map(value => Buffer.from(value))

const epochOf = (node: Node): number => node.quorum.leader?.epoch ?? -1

/** Appends in the leader's epoch and waits for the commit. */
async function write (world: World, node: Node, ...values: string[]): Promise<void> {
  let done = false
  const { committed } = node.quorum.append(bytes(...values), epochOf(node))
  const waiting = committed.then(() => { done = true })
  await world.until(() => done)
  await waiting
}

async function threeVoters (timeouts = {}): Promise<{ world: World, leader: Node }> {
  const world = new World([1, 2, 3], timeouts)
  for (const id of [1, 2, 3]) await world.start(id)
  await world.until(() => world.leader !== undefined)
  return { world, leader: world.leader as Node }
}

const others = (world: World, node: Node): Node[] =>
  [...world.nodes.values()].filter(other => other !== node)

t.test('the only voter leads at once, and what it appends is committed in order', async t => {
  const world = new World([1])
  const { quorum, seen, leaders } = await world.start(1)
  t.equal(world.nowMs, 1_700_000_000_000, 'no time has passed')
  t.equal(leaders.at(-1), '1@1')
  t.same(quorum.leader, { id: 1, epoch: 1 })
  const first = quorum.append(bytes('a', 'b'), 1)
  const second = quorum.append(bytes('c'), 1)
  t.equal(first.baseOffset, 1n, 'the leader change stands at 0')
  t.equal(second.baseOffset, 3n, 'offsets are decided at once')
  t.equal(quorum.endOffset, 4n)
  await second.committed
  t.same(texts(seen), ['1-2@1: a,b', '3-3@1: c'], 'delivered before the promise resolves')
  t.equal(quorum.highWatermark, 4n)
  t.throws(() => quorum.append(bytes('d'), 2), NotLeaderError)
  t.throws(() => quorum.append([], 1), RangeError)
  t.match(quorum.describe(), { leaderId: 1, leaderEpoch: 1, highWatermark: 4n })
  await quorum.stop()
  t.notOk(quorum.isLeader)
  t.throws(() => quorum.append(bytes('d'), 1), NotLeaderError)
  await t.rejects(quorum.handle({ api: 'Vote', request: {} as never }), /not running/)
})

t.test('KIP-853: a raised kraft.version is committed with its voters, and survives a power loss', async t => {
  const world = new World([1])
  const before = await world.start(1)
  t.equal(before.quorum.kraftVersion, 0)
  let done = false
  const raised = before.quorum.raiseKraftVersion(1, epochOf(before)).then(() => { done = true })
  await world.until(() => done)
  await raised
  t.equal(before.quorum.highWatermark, 3n, 'the leader change, the level and the voters')
  await t.rejects(before.quorum.raiseKraftVersion(1, 9), /NOT_CONTROLLER/, 'another epoch')
  const { voters } = before.quorum
  t.match(voters, [{ id: 1, directoryId: 'AAAAAAAAAAAAAAAAAAAA1A' }], 'its directory, which no setting names')
  await world.crash(before, true)
  const after = await world.start(1)
  t.equal(after.quorum.kraftVersion, 1)
  t.same(after.quorum.voters, voters)
  await write(world, after, 'a')
})

t.test('KIP-853: kraft.version waits until every voter has been heard of', async t => {
  const { world, leader } = await threeVoters()
  const [down] = others(world, leader)
  await world.crash(down as Node)
  const replaced = await world.start((down as Node).id)
  let outcome: unknown
  const raise = () => leader.quorum.raiseKraftVersion(1, epochOf(leader)).then(
    () => { outcome = 'done' }, (error: unknown) => { outcome = error })
  for (outcome = undefined; outcome !== 'done';) {
    outcome = undefined
    void raise()
    await world.until(() => outcome !== undefined)
    if (outcome !== 'done') {
      t.match(outcome, { errorCode: 95 })
      const { sent } = world
      const before = sent.length
      await world.until(() => sent.length > before)
    }
  }
  t.same(leader.quorum.voters.map(({ id, directoryId }) => `${id} ${directoryId}`),
    [1, 2, 3].map(id => `${id} ${'A'.repeat(20)}${id}A`))
  await world.until(() => replaced.quorum.kraftVersion === 1)
})

t.test('a power loss takes back nothing that was committed, and no epoch comes twice', async t => {
  const world = new World([1])
  const before = await world.start(1)
  await write(world, before, 'a')
  await world.crash(before, true)
  const after = await world.start(1)
  t.same(texts(after.seen), ['1-1@1: a'])
  t.equal(after.leaders.at(-1), '1@2')
  await write(world, after, 'b')
  await world.crash(after)
  t.same(texts((await world.start(1)).seen), ['1-1@1: a', '3-3@2: b'])
})

t.test('R-S11: an epoch that was voted in is not stood in again, though no record tells of it', async t => {
  const world = new World([1])
  const before = await world.start(1)
  await write(world, before, 'a')
  await saveVote(before.store.table, METADATA_LOG,
    { epoch: 41, leaderId: -1, votedId: 1, votedDirectoryId: ZERO_UUID })
  await world.crash(before)
  const after = await world.start(1)
  t.equal(after.leaders.at(-1), '1@42')
  t.same(texts(after.seen), ['1-1@1: a'])
})

t.test('a start loads the newest snapshot and the log behind it', async t => {
  const world = new World([1])
  const before = await world.start(1)
  await write(world, before, 'a', 'b')
  await before.quorum.snapshot(bytes('ab'), { endOffset: 3n, epoch: 1 })
  await write(world, before, 'c')
  await t.rejects(before.quorum.snapshot([], { endOffset: 9n, epoch: 1 }), RangeError)
  await t.rejects(before.quorum.snapshot([], { endOffset: 4n, epoch: 2 }), RangeError)
  await t.rejects(before.quorum.snapshot([], { endOffset: 3n, epoch: 1 }), RangeError)
  await world.crash(before)
  const after = await world.start(1)
  t.same(texts(after.seen), ['snapshot 3-1: ab', '3-3@1: c'])
  const big = Array.from({ length: 5000 }, (_, index) => `record ${index} ${'x'.repeat(100)}`)
  await after.quorum.snapshot(bytes(...big), { endOffset: 4n, epoch: 1 })
  await world.crash(after, true)
  const last = await world.start(1)
  t.same(last.seen[0]?.records.map(String), big, 'in several batches and pieces')
  t.same(texts(last.seen).slice(1), [])
})

t.test('a quorum that stops ends the snapshot that it is writing: its store may be closed', async t => {
  const world = new World([1])
  const node = await world.start(1)
  await write(world, node, 'a')
  let isWritten = false
  const written = node.quorum.snapshot(bytes('a'), { endOffset: 2n, epoch: 1 })
    .then(() => { isWritten = true })
  await node.quorum.stop()
  t.ok(isWritten)
  await node.store.close()
  await written
  t.same(texts((await world.start(1)).seen), ['snapshot 2-1: a'])
})

t.test('three voters elect one leader, and everybody gets what it commits', async t => {
  const { world, leader } = await threeVoters()
  await write(world, leader, 'a')
  await write(world, leader, 'b', 'c')
  await world.until(() => others(world, leader).every(node => texts(node.seen).length === 2))
  for (const node of others(world, leader)) {
    t.same(texts(node.seen), texts(leader.seen))
    t.same(node.quorum.leader, { id: leader.id, epoch: epochOf(leader) })
    t.notOk(node.quorum.isLeader)
    t.equal(node.quorum.describe(), undefined)
    t.throws(() => node.quorum.append(bytes('d'), epochOf(node)), NotLeaderError)
  }
  await world.start(9)
  await world.until(() => texts(world.nodes.get(9)?.seen ?? []).length === 2)
  const description = leader.quorum.describe()
  t.same(description?.currentVoters.map(voter => voter.replicaId), [1, 2, 3])
  t.same(description?.currentVoters.map(voter => voter.logEndOffset), [4n, 4n, 4n])
  t.same(description?.observers.map(observer => observer.replicaId), [9])
})

t.test('a leader that stops hands over at once; one that dies is replaced', async t => {
  const { world, leader } = await threeVoters()
  await write(world, leader, 'a')
  const before = world.nowMs
  const stopped = leader.quorum.stop()
  await world.until(() => world.leader !== undefined && world.leader !== leader)
  t.ok(world.nowMs - before < 1000, `${world.nowMs - before} ms, not a fetch timeout`)
  await stopped
  leader.isUp = false
  const second = world.leader as Node
  t.same(texts(second.seen), ['1-1@1: a'], 'told to lead after all that came before')
  await write(world, second, 'b')
  await world.crash(second)
  await leader.store.close()
  await world.start(leader.id)
  await world.until(() => world.leader !== undefined)
  const third = world.leader as Node
  await write(world, third, 'c')
  t.same(texts(third.seen).map(text => text.slice(-1)), ['a', 'b', 'c'])
  t.ok(epochOf(third) > epochOf(second))
})

t.test('an append that is not committed is rejected when leadership is lost', async t => {
  const { world, leader } = await threeVoters()
  await write(world, leader, 'a')
  for (const node of others(world, leader)) await world.crash(node)
  const { committed } = leader.quorum.append(bytes('b'), epochOf(leader))
  const rejected = t.rejects(committed, NotLeaderError)
  await world.until(() => !leader.quorum.isLeader)
  await rejected
  t.equal(leader.quorum.leader, undefined, 'no majority fetches any more')
  t.same(texts(leader.seen), ['1-1@1: a'])
})

t.test('a voter that was away loads the snapshot in pieces, and the log behind it', async t => {
  const { world, leader } = await threeVoters({ fetchBytesMax: 200 })
  const [away] = others(world, leader) as [Node]
  await world.crash(away)
  for (let index = 0; index < 20; index += 1) await write(world, leader, `before ${index}`)
  const endOffset = leader.quorum.highWatermark
  const records = bytes(...Array.from({ length: 50 }, (_, index) => `kept ${index}`))
  await leader.quorum.snapshot(records, { endOffset, epoch: epochOf(leader) })
  await write(world, leader, 'after')
  world.sent.length = 0
  const back = await world.start(away.id)
  await world.until(() => texts(back.seen).length === 2)
  t.match(texts(back.seen), [/^snapshot 21-1: kept 0,.*kept 49$/, /after$/])
  t.ok(world.sent.filter(text => text.startsWith('FetchSnapshot')).length > 2, 'in pieces')
  await world.crash(back, true)
  const again = await world.start(away.id)
  await world.until(() => texts(again.seen).length === 2)
  t.same(texts(again.seen), texts(back.seen), 'it is kept')
})

t.test('records that were damaged on their way are not taken', async t => {
  const { world, leader } = await threeVoters()
  await write(world, leader, 'good')
  let damaged = 0
  world.tamper = (api, bytes) => {
    const at = bytes.indexOf('precious')
    if (api !== 'Fetch' || at < 0 || damaged >= 2) return
    damaged += 1
    bytes.write('x', at)
  }
  await write(world, leader, 'precious')
  await world.until(() => others(world, leader).every(node => texts(node.seen).length === 2))
  t.equal(damaged, 2)
  for (const node of others(world, leader)) t.same(texts(node.seen), texts(leader.seen))
})

t.test('a disk that fails stops the quorum, once', async t => {
  const world = new World([1])
  const node = await world.start(1)
  node.memory.faults = { syncError: 'EIO' }
  const { committed } = node.quorum.append(bytes('a'), 1)
  await t.rejects(committed)
  t.equal(node.failures.length, 1)
  t.notOk(node.quorum.isLeader)
  t.throws(() => node.quorum.append(bytes('b'), 1), NotLeaderError)
})

t.test('2.10: a batch of metadata is as long as is foretold', async t => {
  const batches =
    [[0], [1, 63, 64], [8191, 8192, 100_000], Array.from({ length: 300 }, (_, index) => index)]
  for (const sizes of batches) {
    const records = sizes.map(size => Buffer.alloc(size, 'x'))
    const batch =
      metadataBatch(records, { baseOffset: 5n, epoch: 1, timestampMs: 1_700_000_000_000 })
    t.equal(metadataBatchBytes(records), batch.length, `${sizes.length} records`)
  }
})

const HOUR_MS = 3_600_000

t.test('2.10.6: an hour that somebody sets the clocks by is no timeout', async t => {
  for (const byMs of [HOUR_MS, -HOUR_MS]) {
    const { world, leader } = await threeVoters()
    const epoch = epochOf(leader)
    await write(world, leader, 'before')
    for (const { id } of world.nodes.values()) world.aheadMs.set(id, byMs)
    await world.pass(20_000)
    t.equal(world.leader, leader, 'its followers fetch on')
    t.equal(epochOf(leader), epoch)
    await write(world, leader, 'after')
    for (const {
      lastFetchTimestamp, lastCaughtUpTimestamp,
    } of leader.quorum.describe()?.currentVoters ?? []) {
      for (const timestamp of [lastFetchTimestamp, lastCaughtUpTimestamp]) {
        t.ok(Math.abs(Number(timestamp) - world.nowMs - byMs) < 5_000, 'D21.1: told in wall time')
      }
    }
    for (const { id } of world.nodes.values()) world.aheadMs.set(id, -byMs)
    await world.crash(leader)
    await world.until(() => world.leader !== undefined && world.leader !== leader, 10_000)
    await write(world, world.leader as Node, 'from the next one')
  }
})

t.test('2.10.4: a leader that nobody fetches from resigns, whatever its clock is set to', async t => {
  const { world, leader } = await threeVoters()
  world.aheadMs.set(leader.id, -HOUR_MS)
  for (const node of others(world, leader)) await world.crash(node)
  await world.until(() => !leader.quorum.isLeader, 10_000)
  t.pass('it has resigned')
})
