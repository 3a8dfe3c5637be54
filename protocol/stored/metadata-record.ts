/** What a record of the metadata log is: a message with a key of its own (KIP-631). */
import type { Fields, Message } from '../types.ts'

export interface MetadataRecord<F extends Fields = Fields> extends Message<F> {
  readonly key: number
}

export function metadataRecord<F extends Fields> (
  definition: MetadataRecord<F>
): MetadataRecord<F> {
  return definition
}
