/** Settings that have several names: the value that counts. */
import { familyOf } from './table.ts'
import type { BrokerValues } from './table.ts'

/** The first of a family that has a value, in units of its first member (log.retention.*). */
export function familyValue (
  get: <N extends keyof BrokerValues & string> (name: N) => BrokerValues[N], name: string
): bigint | null {
  for (const { name: member, factor } of familyOf(name)) {
    const value = get(member as keyof BrokerValues)
    if (typeof value === 'bigint' || typeof value === 'number') return BigInt(value) * BigInt(factor)
  }
  return null
}
