/** The store's one error: a code that callers map to a protocol error, a text with the remedy. */

export type StoreErrorCode =
  | 'DISK_FULL' // R-S9: nothing of the append became visible; goes on when space is back
  | 'FAILED' // R-S2: final, the process must stop and replay the journal at its next start
  | 'LOCKED' // another process has the directory
  | 'CORRUPT' // what is stored disagrees with itself (R-S6)
  | 'GONE' // cut since it was found, or its volume has gone
  | 'INVALID' // the caller broke the contract; nothing happened
  | 'CLOSED'

export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor (code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StoreError'
    this.code = code
  }
}
