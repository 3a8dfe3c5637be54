/** Where the fields of a layout lie, for reading and writing them one by one. */
import assert from 'node:assert'
import type { Structure } from 'buffer-layout'

/** Bytes from the beginning of the layout to each field. Throws where it has no such field. */
export function offsetsOf<T extends object> (
  layout: Structure<T>, names: Array<keyof T & string>
): Record<keyof T & string, number> {
  const found: Record<string, number> = {}
  for (const name of names) {
    const offset = layout.offsetOf(name)
    assert(offset !== undefined, `no field ${name}`)
    found[name] = offset
  }
  return found as Record<keyof T & string, number>
}
