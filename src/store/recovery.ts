/**
 * Recovery, the one way to open (R-S12, storage.md 4.3): from the last turn that the volume covers,
 * replay the later turns of the same generation in order, and stop for good at the first that is
 * cut, has a bad checksum or leaves a gap. Costs are bounded by what one flush leaves pending.
 */
import {
  batchSize, HEADER_SIZE, lastOffset, leaderEpoch, baseOffset
} from '../../protocol/records/header.ts'
import { batchIsIntact } from './checksum.ts'
import type { DiskFile } from './disk.ts'
import type { JournalFile } from './journal.ts'
import {
  ENTRY_SIZE, FILE_HEADER_SIZE, fileHeaderIsGood, isLarge, kinds, readEntry, readTurnStart,
  tableIsIntact, TURN_HEADER_SIZE
} from './journal-format.ts'
import type { Entry, TurnStart } from './journal-format.ts'
import { StoredLog } from './log.ts'
import type { LogNeeds } from './log.ts'
import type { CoveredState } from './state.ts'

const WINDOW_BYTES = 1024 * 1024

interface Needs extends LogNeeds {
  readonly logsByNumber: ReadonlyMap<number, StoredLog>
  addLog (log: StoredLog): void
}

/** Where replay begins: behind the last turn that a volume covers. */
export type Covered = Pick<CoveredState, 'generation' | 'turn' | 'file' | 'position'>

export interface FoundTurn { start: TurnStart, bytes: Buffer, position: number }

/** Replays what the volume does not cover; returns how many turns that were. */
export function replay (core: Needs, covered: Covered): number {
  const chain = new Map<bigint, JournalFile>()
  for (const file of core.journal.files.values()) {
    if (file.placeBytes > 0 && file.number !== covered.file) continue
    const first = firstTurn(core.journal.open(file), file.number)
    if (first?.generation === covered.generation) chain.set(first.number, file)
  }
  let turn = covered.turn
  let file: JournalFile | undefined = core.journal.files.get(covered.file)
  let position = Number(covered.position)
  let count = 0
  if (file === undefined) {
    file = chain.get(turn + 1n)
    position = FILE_HEADER_SIZE
  }
  while (file !== undefined) {
    for (const found of turnsOf(core.journal.open(file), position)) {
      const { start } = found
      if (start.generation !== covered.generation || start.number !== turn + 1n) break
      if (!bodyIsIntact(found)) break
      apply(core, file, found)
      turn++
      count++
      file.lastTurn = turn
      // R-S10: after a kill nobody knows whether it was synced, and places will point into it
      core.journal.markDirty(file)
      file.end = found.position + found.bytes.length
    }
    // a file whose first turn is torn says its number and has nothing: it is the end, not a loop
    const next = chain.get(turn + 1n)
    file = next === file ? undefined : next
    position = FILE_HEADER_SIZE
  }
  core.writer.lastTurn = turn
  return count
}

function firstTurn (handle: DiskFile, number: number): TurnStart | undefined {
  const bytes = readAt(handle, 0, FILE_HEADER_SIZE + TURN_HEADER_SIZE)
  return fileHeaderIsGood(bytes, number) ? readTurnStart(bytes, FILE_HEADER_SIZE) : undefined
}

function readAt (handle: Pick<DiskFile, 'read'>, position: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes)
  return buffer.subarray(0, handle.read(buffer, position))
}

/** Whole turns with a good table, one after the other; ends at the first that is not. */
export function * turnsOf (handle: Pick<DiskFile, 'read' | 'size'>, from: number): Generator<FoundTurn> {
  let window: Buffer = Buffer.alloc(0)
  let windowAt = from
  let size = 0
  let position = from
  for (;;) {
    const have = (bytes: number): boolean => {
      if (position - windowAt + bytes <= window.length) return true
      window = readAt(handle, position, Math.max(bytes, WINDOW_BYTES))
      windowAt = position
      return bytes <= window.length
    }
    if (!have(TURN_HEADER_SIZE)) return
    const start = readTurnStart(window, position - windowAt)
    if (start === undefined) return
    const tableBytes = TURN_HEADER_SIZE + start.count * ENTRY_SIZE
    const end = position + tableBytes + start.bodyBytes
    // A file that is being written grows; asking for each turn takes longer than reading it.
    if (end > size) size = handle.size()
    if (end > size || !have(tableBytes)) return
    if (!tableIsIntact(window, position - windowAt, start.count)) return
    const total = tableBytes + start.bodyBytes
    if (!have(total)) return
    const at = position - windowAt
    yield { start, bytes: window.subarray(at, at + total), position }
    position += total
  }
}

/** Small bodies come first, then large ones: each entry with the place of its bytes. */
export function entriesOf (turn: FoundTurn): Array<{ entry: Entry, at: number }> {
  const entries: Entry[] = []
  let largeAt = TURN_HEADER_SIZE + turn.start.count * ENTRY_SIZE
  let smallAt = largeAt
  for (let index = 0; index < turn.start.count; index++) {
    const entry = readEntry(turn.bytes, TURN_HEADER_SIZE + index * ENTRY_SIZE)
    entries.push(entry)
    if (!isLarge(entry)) largeAt += entry.length
  }
  return entries.map(entry => {
    const at = isLarge(entry) ? largeAt : smallAt
    if (isLarge(entry)) largeAt += entry.length
    else smallAt += entry.length
    return { entry, at }
  })
}

/** Each batch must be the one that the table names, byte for byte (R-S5). */
function bodyIsIntact (turn: FoundTurn): boolean {
  for (const { entry, at } of entriesOf(turn)) {
    const { kind, offset, length, epoch } = entry
    if (at + length > turn.bytes.length) return false
    if (kind === kinds.create) {
      if (!nameIsIntact(turn.bytes.subarray(at, at + length), epoch)) return false
    } else if (kind === kinds.small || kind === kinds.large || kind === kinds.copy) {
      if (length < HEADER_SIZE || batchSize(turn.bytes, at) !== length) return false
      if (baseOffset(turn.bytes, at) !== offset) return false
      if (leaderEpoch(turn.bytes, at) !== epoch) return false
      if (!batchIsIntact(turn.bytes, at, length)) return false
    }
  }
  return true
}

/** A log's name has no checksum of its own, so its entry holds one in the place of the epoch. */
export function nameCheck (name: Buffer): number {
  let hash = 0x811c9dc5
  for (const byte of name) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash | 0
}

function nameIsIntact (name: Buffer, check: number): boolean { return nameCheck(name) === check }

function apply (core: Needs, file: JournalFile, turn: FoundTurn): void {
  for (const { entry, at } of entriesOf(turn)) {
    if (entry.kind === kinds.create) {
      const name = turn.bytes.toString('utf8', at, at + entry.length)
      const log = new StoredLog(core, name, entry.log, entry.offset === 1n)
      core.addLog(log)
      core.flusher.note(log)
      continue
    }
    const log = core.logsByNumber.get(entry.log)
    if (log === undefined) continue // deleted later, as the volume already knows
    applyTo(log, entry, { file, turn, at })
  }
}

function applyTo (
  log: StoredLog, entry: Entry, where: { file: JournalFile, turn: FoundTurn, at: number }
): void {
  const { file, turn, at } = where
  switch (entry.kind) {
    case kinds.small: {
      const next = lastOffset(turn.bytes, at) + 1n
      log.tail.addSmall(turn.bytes, at, entry.length, entry.offset, next)
      log.replayed(next)
      return
    }
    case kinds.large: {
      const batch = turn.bytes.subarray(at, at + entry.length)
      const piece = log.tail.addLarge(batch, entry.offset, lastOffset(batch) + 1n)
      piece.source = undefined
      piece.file = file
      piece.position = turn.position + at
      log.replayed(piece.next)
      return
    }
    case kinds.truncate: return log.applyTruncate(entry.offset)
    case kinds.start: return log.applyStart(entry.offset)
    case kinds.reset: return log.applyReset(entry.offset)
    case kinds.remove: return log.applyDelete()
    default:
  }
}
