import t from 'tap'
import { writeEmptyBatch } from '../../../protocol/records/write.ts'
import { FakeLog } from './fake-log.ts'
import { record, started } from './notebook.ts'

t.test('2, load: from the start of the log to its end, in pieces', async t => {
  const log = new FakeLog()
  for (let index = 0; index < 50; index++) log.write([record(`a${index}`), record(`b${index}`)])
  log.write([{ key: Buffer.from('\0\0a0'), value: null }])
  log.startOffset = 3n
  const { coordinator, machine, clock, loading } = await started({ log })
  t.equal(coordinator.state, 'LOADING', 'it does not load all in one turn')
  await clock.advance(1_000)
  await loading
  t.equal(coordinator.state, 'ACTIVE')
  t.equal(machine().seen.length, 98)
  t.same(machine().positions.map(({ offset }) => offset),
    Array.from({ length: 98 }, (_, index) => BigInt(index + 3)))
  t.same([machine().seen[0], machine().seen.at(-1)], ['b1', '-a0'])
})

t.test('2, load: a long one lets others have their turns, and ends when nobody wants it any more', async t => {
  const log = new FakeLog()
  for (let index = 0; index < 5; index++) {
    log.write(Array.from({ length: 3_000 }, (_, each) => record(`${index}/${each}`)))
  }
  const read = log.readBatches.bind(log)
  log.readBatches = offset => read(offset, 1e9)
  const { coordinator, machine } = await started({ log })
  t.equal(machine().seen.length, 6_000)
  const other = await started({ log })
  await other.clock.advance(0)
  t.equal(other.machine().seen.length, 15_000)
  t.equal(other.coordinator.state, 'ACTIVE')
  t.equal(coordinator.state, 'LOADING')
  coordinator.close()
  t.equal(machine().seen.length, 6_000)
})

t.test('2, load: what compaction leaves has gaps, and batches without records', async t => {
  const log = new FakeLog()
  log.write([record('a'), record('b')])
  log.batches.push(
    writeEmptyBatch({ baseOffset: 2n, producerId: 7n, producerEpoch: 0, baseSequence: 0 }, 3, 0n)
  )
  log.endOffset = 10n
  log.write([record('c')])
  log.batches.push(writeEmptyBatch({ baseOffset: 20n }, 1, 0n))
  log.endOffset = 22n
  const { coordinator, machine, clock } = await started({ log })
  await clock.advance(1_000)
  t.equal(coordinator.state, 'ACTIVE')
  t.same(machine().seen, ['a', 'b', 'c'])
  t.same(machine().positions.map(({ offset }) => offset), [0n, 1n, 10n])
})

t.test('2, load: transactions, control batches, records of unknown types', async t => {
  const log = new FakeLog()
  const marker = (type: number) => ({ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) })
  log.write([record('x')], { transactional: true, producerId: 7n, producerEpoch: 0 })
  log.write([marker(1)], { transactional: true, control: true, producerId: 7n, producerEpoch: 0 })
  log.write([marker(0)], { transactional: true, control: true, producerId: 8n, producerEpoch: 0 })
  log.write([marker(2)], { control: true })
  log.write([record('unknown'), record('y')], { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
  const { coordinator, machine, clock, messages } = await started({ log })
  await clock.advance(1_000)
  t.equal(coordinator.state, 'ACTIVE')
  t.same(machine().seen, ['x', 'commit 7', 'abort 8', 'unknown', 'y'])
  t.same(machine().positions.map(({ producerId }) => producerId), [7n, -1n, -1n], 'only of transactions')
  t.equal(messages.length, 1, 'skipped records are mentioned')
})

t.test('2, load: what was appended last can be read a little later', async t => {
  const log = new FakeLog()
  log.write([record('a')])
  const read = log.readBatches.bind(log)
  let early = 3
  log.readBatches = async (offset, maxBytes) => early-- > 0 ? [] : read(offset, maxBytes)
  const { coordinator, machine, clock } = await started({ log })
  t.equal(coordinator.state, 'LOADING')
  await clock.advance(2)
  t.equal(coordinator.state, 'LOADING')
  await clock.advance(1)
  t.equal(coordinator.state, 'ACTIVE')
  t.same(machine().seen, ['a'])
})

t.test('2, load: a log that does not give what it says it has cannot be loaded', async t => {
  const log = new FakeLog()
  log.write([record('a')])
  log.readBatches = async () => []
  const { coordinator, clock } = await started({ log })
  await clock.advance(999)
  t.equal(coordinator.state, 'LOADING')
  await clock.advance(1)
  t.equal(coordinator.state, 'FAILED')
})

t.test('2, load: a key is what says what a record is', async t => {
  const log = new FakeLog()
  log.write([{ key: null as unknown as Buffer, value: Buffer.from('a') }])
  const { coordinator } = await started({ log })
  t.equal(coordinator.state, 'FAILED')
})
