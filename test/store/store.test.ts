import t from 'tap'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import { batch, realEnvironment } from './fixtures.ts'

t.test('what was appended is there after the next open', async t => {
  const directory = t.testdir()
  const store = await openStore(directory, realEnvironment(nodeDisk()))
  const log = store.openLog('orders-0')
  const batches = [
    batch({ base: 0, records: 3 }), batch({ base: 3, bytes: 20_000 }),
    batch({ base: 4, bytes: 700 }),
  ]
  const done = log.append(Buffer.concat(batches), false)
  t.equal(log.endOffset, 5n, 'the end has moved at once')
  const early = await log.read(0n, 100n, 1e6, true)
  t.equal(early.bytes, 0, 'not readable before its turn is written')
  early.release()
  await done
  const check = async (from: typeof log): Promise<void> => {
    const read = await from.read(0n, 100n, 1e6, true)
    t.same(Buffer.concat(read.chunks), Buffer.concat(batches))
    read.release()
    const part = await from.read(1n, 4n, 1, true)
    t.same(Buffer.concat(part.chunks), batches[0], 'the batch that holds the offset, whole')
    part.release()
  }
  await check(log)
  await store.close()
  const again = await openStore(directory, realEnvironment(nodeDisk()))
  const found = again.findLog('orders-0')
  if (found === undefined) throw new Error('the log is gone')
  t.equal(found.endOffset, 5n)
  await check(found)
  await again.close()
})
