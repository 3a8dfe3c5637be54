/** What clients did and what they were told, for the checker at the end. */

export interface Operation {
  readonly process: string
  /** assign: the process goes on reading somewhere else. */
  readonly does: 'send' | 'poll' | 'assign'
  /** ok: it happened. fail: it did not. info: nobody knows. */
  readonly outcome: 'ok' | 'fail' | 'info'
  /** The log's name. */
  readonly key: string
  /** In order; without an offset where none was told. */
  readonly values: ReadonlyArray<{ offset: number | undefined, value: string }>
  readonly atMs: number
  /** The life of the broker that answered. */
  readonly life: number
  /** Sends of one idempotent producer are in order whatever happens. */
  readonly isIdempotent: boolean
}

export class History {
  readonly operations: Operation[] = []

  add (operation: Operation): void { this.operations.push(operation) }
}
