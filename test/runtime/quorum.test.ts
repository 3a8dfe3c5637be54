import t from 'tap'
import type { Environment } from '../../src/runtime/environment.ts'
import { NotLeaderError, openQuorum } from '../../src/runtime/quorum.ts'
import type { Committed, QuorumRuntime } from '../../src/runtime/quorum.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'

const environment: Environment = {
  nowMs: () => Date.now(),
  setTimer (delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return { cancel: () => { clearTimeout(timer) } }
  },
  atTurnEnd: run => { setImmediate(run) },
  random: () => 0.5,
  newUuid: () => '00000000-0000-0000-0000-000000000000',
  newId: () => 'AAAAAAAAAAAAAAAAAAAAAA',
  log: () => {},
}

interface Node { store: Store, quorum: QuorumRuntime, seen: Committed[], leaders: number[] }

async function open (memory: MemoryDisk): Promise<Node> {
  const store = await openStore('/data', { ...environment, disk: memory.disk() })
  const quorum = openQuorum({
    store,
    environment,
    nodeId: 1,
    clusterId: 'cluster',
    onFailed: error => { throw error },
  })
  const node: Node = { store, quorum, seen: [], leaders: [] }
  quorum.onCommit(committed => { node.seen.push(committed) })
  quorum.onLeaderChange(({ id, epoch }) => { node.leaders.push(id, epoch) })
  return node
}

const isLeader = (quorum: QuorumRuntime): Promise<void> => new Promise(resolve => {
  if (quorum.isLeader) resolve()
  else quorum.onLeaderChange(() => { if (quorum.isLeader) resolve() })
})

async function start (memory: MemoryDisk): Promise<Node> {
  const node = await open(memory)
  const led = isLeader(node.quorum)
  await node.quorum.start()
  await led
  return node
}

const texts = (seen: readonly Committed[]): string[] => seen.flatMap(committed => {
  const records = committed.records.map(String).join(',')
  if (committed.kind === 'snapshot') {
    return [`snapshot ${committed.id.endOffset}-${committed.id.epoch}: ${records}`]
  }
  const { baseOffset, lastOffset, epoch } = committed
  return records === '' ? [] : [`${baseOffset}-${lastOffset}@${epoch}: ${records}`]
})

t.test('the only voter leads at once, and what it appends is committed in order', async t => {
  const { quorum, store, seen, leaders } = await start(new MemoryDisk())
  t.same(leaders.slice(-2), [1, 1])
  t.same(quorum.leader, { id: 1, epoch: 1 })
  const first = quorum.append([Buffer.from('a'), Buffer.from('b')], 1)
  const second = quorum.append([Buffer.from('c')], 1)
  t.equal(first.baseOffset, 1n, 'the leader change stands at 0')
  t.equal(second.baseOffset, 3n, 'offsets are decided at once')
  await second.committed
  t.same(texts(seen), ['1-2@1: a,b', '3-3@1: c'])
  t.equal(quorum.highWatermark, 4n)
  t.throws(() => quorum.append([Buffer.from('d')], 2), NotLeaderError)
  t.match(quorum.describe(), { leaderId: 1, leaderEpoch: 1, highWatermark: 4n })
  await quorum.stop()
  t.throws(() => quorum.append([Buffer.from('d')], 1), NotLeaderError)
  await store.close()
})

t.test('a start replays what was committed, in a new epoch', async t => {
  const memory = new MemoryDisk()
  const before = await start(memory)
  await before.quorum.append([Buffer.from('a')], 1).committed
  memory.powerLoss(() => 0)
  const after = await start(memory)
  t.same(texts(after.seen), ['1-1@1: a'])
  t.same(after.leaders.slice(-2), [1, after.quorum.leader?.epoch])
  t.ok(Number(after.quorum.leader?.epoch) > 1)
  await after.quorum.stop()
  await after.store.close()
})

t.test('a start loads the newest snapshot and the log behind it', async t => {
  const memory = new MemoryDisk()
  const before = await start(memory)
  await before.quorum.append([Buffer.from('a'), Buffer.from('b')], 1).committed
  await before.quorum.snapshot([Buffer.from('ab')], { endOffset: 3n, epoch: 1 })
  await before.quorum.append([Buffer.from('c')], 1).committed
  await t.rejects(before.quorum.snapshot([], { endOffset: 9n, epoch: 1 }), RangeError)
  await t.rejects(before.quorum.snapshot([], { endOffset: 4n, epoch: 2 }), RangeError)
  memory.kill()
  const after = await start(memory)
  t.same(texts(after.seen), ['snapshot 3-1: ab', '3-3@1: c'])
  await after.quorum.stop()
  await after.store.close()
})
