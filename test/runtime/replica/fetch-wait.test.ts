/**
 * A fetch that waits: what it holds meanwhile, what wakes it, and what it leaves (D6.20, D6.25).
 */
import t from 'tap'
import { LogState } from '../../../src/core/replica/log-state.ts'
import type { PartitionEvent, ReadableReplica } from '../../../src/runtime/replica/contract.ts'
import { fetch } from '../../../src/runtime/replica/fetch.ts'
import type { FetchOptions, FetchTarget } from '../../../src/runtime/replica/fetch.ts'
import type { LogRead } from '../../../src/store/store.ts'

/** A partition whose reads end when the test says so. */
class Replica {
  readonly state = new LogState()
  readonly watchers = new Set<(event: PartitionEvent) => void>()
  readonly startOffset = 0n
  readonly leaderEpoch = 0
  readonly available = true
  readonly gone = false
  committedBytes = 0
  highWatermark = 0n
  held = 0
  /** Set: a read is under way until this is called. */
  finishRead: (() => void) | undefined
  isCold = false

  get lastStableOffset (): bigint { return this.highWatermark }
  get endOffset (): bigint { return this.highWatermark }
  whenLoaded (): undefined {}
  ensureLeader (): void {}
  hasFollower (): boolean { return false }

  append (bytes: number): void {
    this.committedBytes += bytes
    this.highWatermark++
    for (const watcher of this.watchers) watcher('appended')
  }

  read (offset: bigint, bound: bigint): LogRead | Promise<LogRead> {
    this.held++
    const bytes = Number(bound - offset) * 100
    const read = {
      bytes, chunks: [Buffer.alloc(bytes)], nextOffset: bound, isCut: false,
      release: () => { this.held-- },
    } as unknown as LogRead
    if (!this.isCold) return read
    return new Promise(resolve => { this.finishRead = () => { resolve(read) } })
  }

  watch (watcher: (event: PartitionEvent) => void): () => void {
    this.watchers.add(watcher)
    return () => { this.watchers.delete(watcher) }
  }
}

class Waiting {
  readonly replica = new Replica()
  timers = 0
  room = 0
  leave: (() => void) | undefined

  start (minBytes: number) {
    const position = {
      topic: 'a', topicId: 'a', index: 0, fetchOffset: 0n, currentLeaderEpoch: -1, lastFetchedEpoch: -1,
      logStartOffset: -1n, partitionBytesMax: 1_000_000,
    }
    const partition = this.replica as unknown as ReadableReplica
    const target = { position, partition, errorCode: 0, isRefused: false } as FetchTarget
    const options: FetchOptions = {
      version: 12, maxWaitMs: 500, minBytes, maxBytes: 1_000_000, readCommitted: false,
      replicaId: -1,
      takeRoom: () => { this.room++; return 1_000_000 }, leaveRoom: () => { this.room-- },
    }
    const environment = {
      monotonicMs: () => 0,
      setTimer: () => {
        this.timers++
        return { cancel: () => { this.timers-- } }
      },
    }
    return fetch([target], options, environment as never, run => {
      this.leave = run
      return () => { this.leave = undefined }
    })
  }

  /** What is left over of the wait. */
  get left () { return [this.timers, this.replica.watchers.size, this.leave === undefined] }
}

async function turn (): Promise<void> { await new Promise(resolve => { setImmediate(resolve) }) }

t.test('what was read in vain is given back before it waits', async t => {
  const waiting = new Waiting()
  waiting.replica.append(100)
  const fetched = waiting.start(300)
  await turn()
  t.same([waiting.replica.held, waiting.room], [0, 0])
  waiting.replica.append(100)
  await turn()
  t.equal(waiting.replica.watchers.size, 1, 'not enough yet')
  waiting.replica.append(100)
  const { partitions, release } = await fetched
  t.equal(partitions[0]?.read?.bytes, 300)
  t.same([waiting.replica.held, waiting.room, ...waiting.left], [1, 1, 0, 0, true])
  release()
  t.equal(waiting.replica.held, 0)
})

t.test('what comes while a cold read is under way counts', async t => {
  const waiting = new Waiting()
  waiting.replica.append(100)
  waiting.replica.isCold = true
  const fetched = waiting.start(200)
  await turn()
  waiting.replica.append(100)
  waiting.replica.isCold = false
  waiting.replica.finishRead?.()
  t.equal((await fetched).partitions[0]?.read?.bytes, 200, 'and the time need not be over for it')
  t.same(waiting.left, [0, 0, true])
})

t.test('whoever goes waits no longer, and whatever else happens is looked at', async t => {
  const gone = new Waiting()
  const nobody = gone.start(100)
  await turn()
  t.same(gone.left, [1, 1, false])
  gone.leave?.()
  t.same((await nobody).partitions, [])
  t.same(gone.left, [0, 0, true])
  const late = new Waiting()
  const fetched = late.start(1)
  await turn()
  for (const event of ['leadership', 'gone', 'start-moved'] as const) {
    for (const watcher of [...late.replica.watchers]) watcher(event)
    await turn()
    t.same(late.left, [1, 1, false], `${event}: it reads again, and waits again`)
  }
  late.replica.append(100)
  t.equal((await fetched).partitions[0]?.read?.bytes, 100)
  t.same(late.left, [0, 0, true])
})
