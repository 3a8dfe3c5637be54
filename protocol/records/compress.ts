/** Compressing records with a codec by name. */
import type { Codec } from './attributes.ts'
import { gathered, withBreaths } from './breath.ts'
import { gzip, gzipAsync } from './gzip.ts'
import { lz4 } from './lz4-write.ts'
import { snappy } from './snappy-write.ts'
import { zstd, zstdAsync } from './zstd.ts'

/** Kafka's `compression.<codec>.level` defaults. */
const defaultLevel = { gzip: -1, zstd: 3 } as const

export interface Uncompressed {
  codec: Codec
  bytes: Buffer
  magic: number
  /** For gzip and zstd; snappy has no levels, and lz4 is always written the fast way. */
  level?: number | undefined
}

export function compress ({ codec, bytes, magic, level }: Uncompressed): Buffer {
  switch (codec) {
    case 'none': return bytes
    case 'gzip': return gzip(bytes, level ?? defaultLevel.gzip)
    case 'snappy': return copied(snappy(bytes))
    case 'lz4': return copied(lz4(bytes, magic === 0))
    case 'zstd': return zstd(bytes, level ?? defaultLevel.zstd)
  }
}

/** The same off the event loop, or with breaths where the codec runs on it. */
export async function compressAsync (uncompressed: Uncompressed): Promise<Buffer> {
  const { codec, bytes, magic, level } = uncompressed
  switch (codec) {
    case 'none': return bytes
    case 'gzip': return await gzipAsync(bytes, level ?? defaultLevel.gzip)
    case 'snappy': return await gathered(withBreaths(snappy(bytes)))
    case 'lz4': return await gathered(withBreaths(lz4(bytes, magic === 0)))
    case 'zstd': return await zstdAsync(bytes, level ?? defaultLevel.zstd)
  }
}

/** Pieces are used again by their codec, so each is copied. */
function copied (pieces: Iterable<Uint8Array>): Buffer {
  return Buffer.concat(Array.from(pieces, piece => Buffer.from(piece)))
}
