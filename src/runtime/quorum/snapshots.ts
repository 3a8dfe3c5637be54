/**
 * Snapshots of the metadata log (KIP-630): the bytes of `<offset>-<epoch>.checkpoint`, kept in the
 * store's table in pieces. A snapshot exists once its entry under `name` says so: one put is the
 * rename.
 */
import { decodeVersioned, encodeVersioned } from '../../../protocol/stored/framing.ts'
import { QuorumStateData } from '../../../protocol/stored/raft.ts'
import type { SavedVote, SnapshotId } from '../../core/quorum/effects.ts'
import type { StoredSnapshot } from '../../core/quorum/log-view.ts'
import type { Table } from '../../store/contract.ts'

const PIECE_BYTES = 256 * 1024
const OFFSET_DIGITS = 20
const EPOCH_DIGITS = 10
const SIZE_BYTES = 8

/** Where snapshots are kept. */
export interface SnapshotStore {
  /** Oldest first. */
  list (): StoredSnapshot[]
  /** The bytes from `position`, at most `bytesMax`; undefined for one that does not exist. */
  read (id: SnapshotId, position: number, bytesMax: number): Buffer | undefined
  /** Resolves when the whole snapshot is durable and exists. */
  write (id: SnapshotId, bytes: Buffer): Promise<StoredSnapshot>
  remove (id: SnapshotId): Promise<void>
}

/** Kafka's file name without its suffix. */
export function snapshotName ({ endOffset, epoch }: SnapshotId): string {
  const offset = String(endOffset).padStart(OFFSET_DIGITS, '0')
  return `${offset}-${String(epoch).padStart(EPOCH_DIGITS, '0')}`
}

export class TableSnapshots implements SnapshotStore {
  readonly #table: Table
  readonly #name: string
  readonly #pieces: string

  constructor (table: Table, prefix: string) {
    this.#table = table
    this.#name = `${prefix}/checkpoint/`
    this.#pieces = `${prefix}/checkpoint-pieces/`
  }

  list (): StoredSnapshot[] {
    return [...this.#table.entries(this.#name)].map(([key, size]) => {
      const [endOffset = '', epoch = ''] = key.slice(this.#name.length).split('-')
      return {
        endOffset: BigInt(endOffset),
        epoch: Number(epoch),
        sizeBytes: Number(size.readBigInt64BE(0)),
      }
    })
  }

  read (id: SnapshotId, position: number, bytesMax: number): Buffer | undefined {
    const size = this.#table.get(this.#name + snapshotName(id))
    if (size === undefined) return undefined
    const end = Math.min(Number(size.readBigInt64BE(0)), position + bytesMax)
    const parts: Buffer[] = []
    for (let at = position; at < end;) {
      const index = Math.floor(at / PIECE_BYTES)
      const piece = this.#table.get(this.#pieceKey(id, index))
      if (piece === undefined) return undefined
      const from = at - index * PIECE_BYTES
      const part = piece.subarray(from, from + end - at)
      parts.push(part)
      at += part.length
    }
    return Buffer.concat(parts)
  }

  async write (id: SnapshotId, bytes: Buffer): Promise<StoredSnapshot> {
    const count = Math.ceil(bytes.length / PIECE_BYTES)
    await Promise.all(Array.from({ length: count }, (_, index) => this.#table.put(
      this.#pieceKey(id, index), bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES))))
    const size = Buffer.alloc(SIZE_BYTES)
    size.writeBigInt64BE(BigInt(bytes.length))
    await this.#table.put(this.#name + snapshotName(id), size)
    return { endOffset: id.endOffset, epoch: id.epoch, sizeBytes: bytes.length }
  }

  async remove (id: SnapshotId): Promise<void> {
    // First the name: pieces without it are never read.
    await this.#table.remove(this.#name + snapshotName(id))
    await this.#removePieces(`${this.#pieces}${snapshotName(id)}/`)
  }

  /** Pieces of a snapshot that was being written when the process ended. */
  async removeLeftovers (): Promise<void> {
    const names = new Set(this.list().map(snapshotName))
    for (const [key] of [...this.#table.entries(this.#pieces)]) {
      const name = key.slice(this.#pieces.length).split('/')[0] ?? ''
      if (!names.has(name)) await this.#table.remove(key)
    }
  }

  async #removePieces (prefix: string): Promise<void> {
    const keys = [...this.#table.entries(prefix)].map(([key]) => key)
    await Promise.all(keys.map(key => this.#table.remove(key)))
  }

  #pieceKey (id: SnapshotId, index: number): string {
    return `${this.#pieces}${snapshotName(id)}/${String(index).padStart(EPOCH_DIGITS, '0')}`
  }
}

const VOTE_VERSION = 1

/** R-S11: the vote and epoch, in one durable put. */
export function saveVote (table: Table, prefix: string, vote: SavedVote): Promise<void> {
  return table.put(`${prefix}/quorum-state`, encodeVersioned(QuorumStateData, VOTE_VERSION, {
    clusterId: '',
    leaderId: vote.leaderId,
    leaderEpoch: vote.epoch,
    votedId: vote.votedId,
    votedDirectoryId: vote.votedDirectoryId,
    appliedOffset: 0n,
    currentVoters: null,
  }))
}

export function loadVote (table: Table, prefix: string): SavedVote | undefined {
  const bytes = table.get(`${prefix}/quorum-state`)
  if (bytes === undefined) return undefined
  const state = decodeVersioned(QuorumStateData, bytes)
  const { leaderEpoch: epoch, leaderId, votedId, votedDirectoryId } = state
  return { epoch, leaderId, votedId, votedDirectoryId }
}
