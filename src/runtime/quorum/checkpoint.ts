/** What stands in a snapshot of the metadata log (KIP-630): header, records, footer, in batches. */
import { batchesIn, ensureIntact } from '../../../protocol/records/batches.ts'
import { isControl } from '../../../protocol/records/read.ts'
import { controlRecordsOf } from '../../core/quorum/control.ts'
import type { ControlRecord } from '../../core/quorum/control.ts'
import type { SnapshotId } from '../../core/quorum/effects.ts'
import type { SnapshotVoters } from '../../core/quorum/quorum.ts'
import { recordFromVoters, votersFromRecord } from '../../core/quorum/voters.ts'
import { committedBatch, controlBatch, metadataBatch } from './log.ts'

/** Records of one batch of a snapshot. */
const BATCH_RECORDS_MAX = 2048

export interface SnapshotContent extends SnapshotVoters {
  readonly records: readonly Buffer[]
}

export interface SnapshotFacts {
  readonly id: SnapshotId
  /** Of the last record that the snapshot stands for. */
  readonly lastContainedLogTimestamp: bigint
  readonly nowMs: number
}

export function encodeSnapshot (content: SnapshotContent, facts: SnapshotFacts): Buffer {
  const { records, voters, kraftVersion } = content
  const { id: { epoch }, lastContainedLogTimestamp, nowMs: timestampMs } = facts
  const head: ControlRecord[] = [
    { kind: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp } },
  ]
  if (kraftVersion > 0) {
    head.push({ kind: 'kraftVersion', value: { version: 0, kRaftVersion: kraftVersion } })
  }
  if (voters !== undefined) head.push({ kind: 'voters', value: recordFromVoters(voters) })
  const batches = [controlBatch(head, { baseOffset: 0n, epoch, timestampMs })]
  // Offsets in a snapshot count from 0 and mean nothing.
  let baseOffset = BigInt(head.length)
  for (let first = 0; first < records.length; first += BATCH_RECORDS_MAX) {
    const part = records.slice(first, first + BATCH_RECORDS_MAX)
    batches.push(metadataBatch(part, { baseOffset, epoch, timestampMs }))
    baseOffset += BigInt(part.length)
  }
  const footer: ControlRecord = { kind: 'snapshotFooter', value: { version: 0 } }
  batches.push(controlBatch([footer], { baseOffset, epoch, timestampMs }))
  return Buffer.concat(batches)
}

/** Throws an Error for bytes that are no whole, sound snapshot (2.10.11). */
export function decodeSnapshot (bytes: Buffer): SnapshotContent {
  const records: Buffer[] = []
  const control: ControlRecord[] = []
  let end = 0
  for (const batch of batchesIn(bytes)) {
    ensureIntact(batch)
    end += batch.length
    if (isControl(batch)) control.push(...controlRecordsOf(batch))
    else for (const record of committedBatch(batch).records) records.push(record)
  }
  const first = control[0]?.kind
  const last = control.at(-1)?.kind
  if (end !== bytes.length || first !== 'snapshotHeader' || last !== 'snapshotFooter') {
    throw new Error('the snapshot has no header, no footer or a part of a batch')
  }
  const voters = control.findLast(record => record.kind === 'voters')
  const version = control.findLast(record => record.kind === 'kraftVersion')
  return {
    records,
    voters: voters === undefined ? undefined : votersFromRecord(voters.value),
    kraftVersion: version?.value.kRaftVersion ?? 0,
  }
}
