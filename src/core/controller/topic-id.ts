/** Ids of new topics: random, of a form that every tool can read (D10.10). */
import { uuidFromBytes } from '../../../protocol/uuid.ts'
import { isReservedDirectory } from '../metadata/directory.ts'
import { below } from './random.ts'
import type { Random } from './random.ts'

/**
 * A random UUID (version 4). Never a reserved id, nor one with a `-`, which a shell takes for an
 * option.
 */
export function randomId (random: Random): string {
  for (;;) {
    const bytes = Buffer.alloc(16)
    for (let at = 0; at < bytes.length; at++) bytes[at] = below(256, random)
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const id = uuidFromBytes(bytes)
    if (!id.includes('-') && !isReservedDirectory(id)) return id
  }
}
