/** What a record of a coordinator's topic is: the key's first int16 is the record's type. */
import type { Fields, Message } from '../types.ts'

export interface CoordinatorRecord<K extends Fields = Fields, V extends Fields = Fields> {
  readonly type: number
  readonly name: string
  readonly key: Message<K>
  readonly value: Message<V>
}

export function coordinatorRecord<K extends Fields, V extends Fields> (
  definition: CoordinatorRecord<K, V>
): CoordinatorRecord<K, V> {
  return definition
}
