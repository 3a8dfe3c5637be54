/** The metadata log's bytes: batches built, read back and looked through (KIP-595, KIP-631). */
import { batchesIn, ensureIntact, isIntact } from '../../../protocol/records/batches.ts'
import {
  baseOffset, HEADER_SIZE, lastOffset, leaderEpoch, magicOf, maxTimestamp,
} from '../../../protocol/records/header.ts'
import { isControl, recordsOf } from '../../../protocol/records/read.ts'
import { bodySize } from '../../../protocol/records/record.ts'
import { varintSize } from '../../../protocol/records/varint.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { controlRecordsOf, encodeControl } from '../../core/quorum/control.ts'
import type { ControlRecord } from '../../core/quorum/control.ts'
import type { Entry } from '../../core/quorum/effects.ts'
import type { Recovered } from '../../core/quorum/quorum.ts'
import type { EpochStart } from '../../core/replica/leader-epochs.ts'
import type { Log, LogRead } from '../../store/contract.ts'
import type { CommittedBatch } from './contract.ts'

const READ_BYTES = 1024 * 1024

export interface BatchPlace {
  readonly baseOffset: bigint
  readonly epoch: number
  readonly timestampMs: number
}

/** One batch of framed metadata records: null keys, CreateTime, no producer. */
export function metadataBatch (records: readonly Buffer[], place: BatchPlace): Buffer {
  const timestamp = BigInt(place.timestampMs)
  return writeBatch(records.map(value => ({ timestamp, key: null, value })), {
    baseOffset: place.baseOffset, leaderEpoch: place.epoch,
  })
}

/** The bytes of that batch. */
export function metadataBatchBytes (records: readonly Buffer[]): number {
  let bytes = HEADER_SIZE
  for (const [index, value] of records.entries()) {
    const body = bodySize({ timestamp: 0n, key: null, value }, 0n, index)
    bytes += varintSize(body) + body
  }
  return bytes
}

export function controlBatch (records: readonly ControlRecord[], place: BatchPlace): Buffer {
  const timestamp = BigInt(place.timestampMs)
  return writeBatch(records.map(record => ({ timestamp, ...encodeControl(record) })), {
    baseOffset: place.baseOffset, leaderEpoch: place.epoch, control: true,
  })
}

export function entryBatch (entry: Entry, place: BatchPlace): Buffer {
  switch (entry.kind) {
    case 'data': return metadataBatch(entry.records, place)
    case 'control': return controlBatch(entry.records, place)
    case 'leaderChange': return controlBatch([entry], place)
  }
}

/** What listeners get of a batch: the framed values, none of a control batch. */
export function committedBatch (batch: Buffer): CommittedBatch {
  const records: Buffer[] = []
  if (!isControl(batch)) {
    for (const { value } of recordsOf(batch)) if (value !== null) records.push(value)
  }
  return {
    kind: 'batch',
    baseOffset: baseOffset(batch),
    lastOffset: lastOffset(batch),
    epoch: leaderEpoch(batch),
    timestampMs: maxTimestamp(batch),
    records,
  }
}

/** Whether every whole batch is of magic 2 and has the checksum that its bytes give. */
export function areIntact (records: Buffer): boolean {
  for (const batch of batchesIn(records)) {
    if (magicOf(batch) !== 2 || !isIntact(batch)) return false
  }
  return true
}

/** Gives the read's memory back; what is returned is a copy. */
export function takeBytes (read: LogRead): Buffer {
  try {
    return Buffer.concat(read.chunks)
  } finally {
    read.release()
  }
}

/** A part of the log from `offset` on, as many whole batches as fit. */
export function readPart (log: Log, offset: bigint, end: bigint): LogRead | Promise<LogRead> {
  return log.read(offset, end, READ_BYTES, true)
}

/** Looks through the whole log for what the machine must know: epochs and control records. */
export async function scanLog (
  log: Log
): Promise<Pick<Recovered, 'startOffset' | 'endOffset' | 'epochs' | 'controlRecords'>> {
  const epochs: EpochStart[] = []
  const controlRecords: Array<ControlRecord & { offset: bigint }> = []
  const { startOffset, endOffset } = log
  for (let offset = startOffset; offset < endOffset;) {
    const part = takeBytes(await readPart(log, offset, endOffset))
    if (part.length === 0) break
    for (const batch of batchesIn(part)) {
      ensureIntact(batch)
      if (leaderEpoch(batch) !== epochs.at(-1)?.epoch) {
        epochs.push({ epoch: leaderEpoch(batch), startOffset: baseOffset(batch) })
      }
      controlRecords.push(...controlRecordsOf(batch))
      offset = lastOffset(batch) + 1n
    }
  }
  return { startOffset, endOffset, epochs, controlRecords }
}
