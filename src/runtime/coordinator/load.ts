/** Replays the log of a coordinator's partition from its start to its end, in pieces (groups 2). */
import { batchesIn } from '../../../protocol/records/batches.ts'
import { lastOffset, producerId, recordsCount } from '../../../protocol/records/header.ts'
import { isControl, isTransactional, recordsOf } from '../../../protocol/records/read.ts'
import { recordType } from '../../../protocol/stored/framing.ts'
import type {
  CoordinatorLog, CoordinatorMachine, CoordinatorOptions,
} from './contract.ts'

/** Control record types: their key is an int16 version and this int16. */
const ABORT = 0
const COMMIT = 1
/** What was appended last can be read once its turn is written: that long is waited for it. */
const EMPTY_READS_MAX = 1000
const EMPTY_READ_PAUSE_MS = 1
/** Replayed in one go, some 20 ms: then everybody else has a turn. */
const RECORDS_IN_A_ROW = 4096

/**
 * Loads to the end of the log, not to the high watermark: what is above it is about to be
 * committed. False if `isCurrent` said no on the way. Throws when the log cannot be read.
 */
export async function loadMachine (
  machine: CoordinatorMachine, log: CoordinatorLog, options: CoordinatorOptions,
  isCurrent: () => boolean,
): Promise<boolean> {
  const skipped = new Set<number>()
  let offset = log.startOffset
  let emptyReads = 0
  let inARow = 0
  while (offset < log.endOffset) {
    const chunks = await log.readBatches(offset, options.loadBufferBytes)
    if (!isCurrent()) return false
    const before = offset
    for (const chunk of chunks) {
      for (const batch of batchesIn(chunk)) {
        replayBatch(machine, batch, offset, skipped)
        offset = lastOffset(batch) + 1n
        inARow += recordsCount(batch)
        if (inARow < RECORDS_IN_A_ROW) continue
        inARow = 0
        await pause(options, 0)
        if (!isCurrent()) return false
      }
    }
    emptyReads = offset === before ? emptyReads + 1 : 0
    if (emptyReads > EMPTY_READS_MAX) throw new Error(`nothing to read at offset ${offset}`)
    if (offset >= log.endOffset) break
    // Others get their turn between two pieces.
    await pause(options, emptyReads > 0 ? EMPTY_READ_PAUSE_MS : 0)
    if (!isCurrent()) return false
  }
  for (const type of skipped) options.log('warn', `records of unknown type ${type} were skipped`)
  return true
}

function pause ({ clock }: CoordinatorOptions, delayMs: number): Promise<void> {
  return new Promise(resolve => { clock.setTimer(delayMs, resolve) })
}

function replayBatch (
  machine: CoordinatorMachine, batch: Buffer, from: bigint, skipped: Set<number>,
): void {
  if (isControl(batch)) {
    for (const { key } of recordsOf(batch)) {
      const type = key !== null && key.length >= 4 ? key.readInt16BE(2) : -1
      if (type === COMMIT || type === ABORT) {
        machine.replayEndOfTransaction(producerId(batch), type === COMMIT)
      }
    }
    return
  }
  const producer = isTransactional(batch) ? producerId(batch) : -1n
  for (const { offset, key, value } of recordsOf(batch)) {
    // The batch that holds the log's start may begin below it.
    if (offset < from) continue
    if (key === null) throw new Error(`the record at offset ${offset} has no key`)
    const known = machine.replay({ key, value }, { offset, producerId: producer })
    if (!known) skipped.add(recordType(key))
  }
}
