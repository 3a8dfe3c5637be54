/** What is derived from a log at a start, and the memory that it is read in. */
import t from 'tap'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { PartitionLog } from '../../../src/runtime/coordinator/partition-log.ts'
import { loadLogState } from '../../../src/runtime/replica/partition-load.ts'
import type { Log, LogRead } from '../../../src/store/store.ts'

const limits = { bytesMax: 1, ageMsMax: 1_000_000, jitterMsMax: 0 }
const environment = { nowMs: () => 5000 } as never

function batch (baseOffset: bigint, producerId: bigint): Buffer {
  const records = Array.from({ length: 5 }, (_, index) =>
    ({ timestamp: baseOffset + BigInt(index), key: null, value: Buffer.from('x') }))
  const leaderEpoch = Number(baseOffset)
  return writeBatch(records,
    { baseOffset, leaderEpoch, producerId, producerEpoch: 0, baseSequence: 0 })
}

const batches = [batch(0n, 1n), batch(5n, 2n), batch(10n, 3n)]

/** A log that lends what is read, and spoils it when it comes back. */
class Lending {
  held = 0
  readonly startOffset: bigint
  readonly endOffset = 15n
  readonly checkpoint: Log['checkpoint']

  constructor (startOffset = 0n, checkpoint?: Log['checkpoint']) {
    this.startOffset = startOffset
    this.checkpoint = checkpoint
  }

  async ready (): Promise<void> {}

  read (offset: bigint): LogRead {
    const at = Number(offset / 5n)
    const chunk = Buffer.from(batches[at] ?? Buffer.alloc(0))
    this.held++
    const release = (): void => {
      this.held--
      chunk.fill(0xdb)
    }
    const nextOffset = BigInt(at + 1) * 5n
    return {
      bytes: chunk.length, chunks: [chunk], nextOffset, isCut: false, release,
    } as unknown as LogRead
  }

  get log (): Log { return this as unknown as Log }
}

t.test('a state is derived of whole batches, each once, and what was read is given back', async t => {
  const lending = new Lending()
  const { state, isBehind } = await loadLogState(lending.log, limits, environment)
  t.equal(isBehind, true)
  t.equal(lending.held, 0)
  t.same([...state.producers.entries].map(({ producerId }) => producerId), [1n, 2n, 3n])
  t.same(state.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset]),
    [[0, 0n], [5, 5n], [10, 10n]])
  const checkpoint = { offset: 15n, state: state.encode(), number: 1, isDurable: true }
  const again = await loadLogState(new Lending(0n, checkpoint).log, limits, environment)
  t.same([again.isBehind, again.state.encode()], [false, state.encode()])
})

t.test('a start that moved since the checkpoint is obeyed', async t => {
  const { state } = await loadLogState(new Lending().log, limits, environment)
  const checkpoint = { offset: 15n, state: state.encode(), number: 1, isDurable: true }
  const { state: moved } = await loadLogState(new Lending(7n, checkpoint).log, limits, environment)
  t.same(moved.epochs.entries, [{ epoch: 5, startOffset: 7n }, { epoch: 10, startOffset: 10n }])
  t.same(moved.segments.all.map(({ baseOffset }) => baseOffset), [5n, 10n])
})

t.test('what a batch has before the offset that was asked for was replayed before', async t => {
  const { state } = await loadLogState(new Lending().log, limits, environment)
  // Of a log that was loaded up to the middle of the second batch: as Kafka leaves it when a
  // follower is cut.
  const checkpoint = { offset: 7n, state: state.encode(), number: 1, isDurable: true }
  const { state: again } = await loadLogState(new Lending(0n, checkpoint).log, limits, environment)
  const second = [...again.producers.entries].find(({ producerId }) => producerId === 2n)
  t.equal(second?.batches.length, 1)
})

t.test('a coordinator reads its log into memory of its own', async t => {
  const lending = new Lending()
  const read = await new PartitionLog(lending as never).readBatches(5n, 1_000_000)
  t.equal(lending.held, 0)
  t.ok(read.length === 1 && read[0]?.equals([...batchesIn(batches[1] as Buffer)][0] as Buffer))
})
