/**
 * Memory that was given back is spoiled at once, in every test and in the simulation: whoever still
 * reads it finds this pattern, not what was there by chance. Loaded before every test.
 */
import { channel } from 'node:diagnostics_channel'

/**
 * As a size it is negative, as text no UTF-8, and no magic, no checksum and no offset is like it.
 */
export const SPOILED = 0xdb

const isOut = new WeakMap<Buffer, boolean>()

channel('ottla:memory:taken').subscribe(message => { isOut.set(message as Buffer, true) })
channel('ottla:memory:released').subscribe(message => {
  const buffer = message as Buffer
  if (isOut.get(buffer) === false) throw new Error(`memory of ${buffer.length} bytes was given back twice`)
  isOut.set(buffer, false)
  buffer.fill(SPOILED)
})
