/** Compressing records with a codec by name. */
import type { Codec } from './attributes.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4-write.ts'
import { snappy } from './snappy-write.ts'
import { zstd } from './zstd.ts'

/** Kafka's `compression.<codec>.level` defaults; snappy has none. */
export const defaultLevel = { gzip: -1, lz4: 9, zstd: 3 } as const

export interface Uncompressed {
  codec: Codec
  bytes: Buffer
  magic: number
  level?: number | undefined
}

/** The payload compressed; lz4 is always written as fast as its level 1, which any reader takes. */
export function compress ({ codec, bytes, magic, level }: Uncompressed): Buffer {
  switch (codec) {
    case 'none': return bytes
    case 'gzip': return gzip(bytes, level ?? defaultLevel.gzip)
    case 'snappy': return snappy(bytes)
    case 'lz4': return lz4(bytes, magic === 0)
    case 'zstd': return zstd(bytes, level ?? defaultLevel.zstd)
  }
}
