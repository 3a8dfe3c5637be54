/**
 * What a restart must find of a quorum in the table: its vote, and whole snapshots alone (KIP-630,
 * R-S11).
 */
import t from 'tap'
import { loadVote, saveVote, TableSnapshots } from '../../../src/runtime/quorum/snapshots.ts'
import type { Table } from '../../../src/store/store.ts'

/** A table in memory that may lose the process after so many puts. */
class Memory {
  readonly entriesByKey = new Map<string, Buffer>()
  putsLeft = Infinity

  get (key: string): Buffer | undefined { return this.entriesByKey.get(key) }
  async put (key: string, value: Buffer): Promise<void> {
    if (this.putsLeft-- <= 0) return await new Promise(() => {})
    this.entriesByKey.set(key, Buffer.from(value))
  }

  async remove (key: string): Promise<void> { this.entriesByKey.delete(key) }
  entries (prefix: string): Array<[string, Buffer]> {
    return [...this.entriesByKey].filter(([key]) => key.startsWith(prefix))
      .sort(([one], [other]) => one < other ? -1 : 1)
  }

  get table (): Table { return this as unknown as Table }
}

t.test('the vote comes back as it was given', async t => {
  const memory = new Memory()
  t.equal(loadVote(memory.table, 'log'), undefined)
  const votes = [
    { epoch: 5, leaderId: -1, votedId: 2, votedDirectoryId: 'AAAAAAAAAAAAAAAAAAAABQ' },
    { epoch: 6, leaderId: 3, votedId: -1, votedDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA' },
  ]
  for (const vote of votes) {
    await saveVote(memory.table, 'log', vote)
    t.same(loadVote(memory.table, 'log'), vote)
  }
})

t.test('a snapshot of several pieces is read from any place; one that was cut short is none, and goes', async t => {
  const memory = new Memory()
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, at) => at * 7 + (at >>> 8)))
  const whole = { endOffset: 10n, epoch: 2 }
  await new TableSnapshots(memory.table, 'log').write(whole, bytes)
  const pieces = memory.entriesByKey.size
  memory.putsLeft = 2
  void new TableSnapshots(memory.table, 'log').write({ endOffset: 20n, epoch: 2 }, bytes)
  t.equal(memory.entriesByKey.size, pieces + 2)
  const again = new TableSnapshots(memory.table, 'log')
  t.same(again.list(), [{ ...whole, sizeBytes: 700_000 }])
  t.equal(again.read({ endOffset: 20n, epoch: 2 }, 0, 10), undefined)
  const places =
    [[0, 10], [262_143, 2], [262_144, 5], [300_000, 1_000_000], [699_999, 9], [0, 700_000]] as const
  for (const [position, bytesMax] of places) {
    const read = again.read(whole, position, bytesMax)
    t.ok(read?.equals(bytes.subarray(position, position + bytesMax)), `${bytesMax} from ${position}`)
  }
  await again.removeLeftovers()
  t.equal(memory.entriesByKey.size, pieces)
  t.ok(again.read(whole, 0, 700_000)?.equals(bytes))
  await again.remove(whole)
  t.equal(memory.entriesByKey.size, 0)
})
