/** Log directory ids with a meaning of their own (KIP-858). */
import { ZERO_UUID } from '../../../protocol/uuid.ts'

/** The broker has not said yet in which directory the replica is. */
export const UNASSIGNED_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAQ'
/** The replica is in a directory that is gone. */
const LOST_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAg'
/** Assigned before directories had ids. */
export const MIGRATING_DIRECTORY = ZERO_UUID

/** KIP-858: the first 100 ids are reserved: fifteen zero bytes and a byte below 100. */
export function isReservedDirectory (id: string): boolean {
  return /^A{20}[A-Y][AQgw]$/.test(id)
}

export function isOnlineDirectory (id: string, logDirs: readonly string[]): boolean {
  if (id === UNASSIGNED_DIRECTORY || id === MIGRATING_DIRECTORY) return true
  if (id === LOST_DIRECTORY) return false
  // A broker that never named its directories cannot have lost one.
  return logDirs.length === 0 || logDirs.includes(id)
}
