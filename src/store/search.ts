/** Batches by timestamp (ListOffsets): volumes and runs that cannot hold the answer are skipped. */
import { baseOffset, batchSize, lastOffset, maxTimestamp } from '../../protocol/records/header.ts'
import type { StoredLog } from './log.ts'

const READ_BYTES = 1024 * 1024

export class Search {
  async firstBatchAtOrAfter (
    log: StoredLog, timestamp: bigint, end: bigint
  ): Promise<Buffer | undefined> {
    return this.scan(log, end, batch => maxTimestamp(batch) >= timestamp, true)
  }

  async batchWithMaxTimestamp (log: StoredLog, end: bigint): Promise<Buffer | undefined> {
    let highest: bigint | undefined
    return this.scan(log, end, batch => {
      const timestamp = maxTimestamp(batch)
      if (highest !== undefined && timestamp <= highest) return false
      highest = timestamp
      return true
    }, false)
  }

  /** The first, or else the last, batch that `wanted` says yes to, as a copy. */
  private async scan (
    log: StoredLog, end: bigint, wanted: (batch: Buffer) => boolean, first: boolean
  ): Promise<Buffer | undefined> {
    let found: Buffer | undefined
    let offset = log.startOffset
    while (offset < end) {
      const read = await log.read(offset, end, READ_BYTES, true)
      try {
        if (read.bytes === 0) break
        for (const chunk of read.chunks) {
          for (let at = 0; at < chunk.length; at += batchSize(chunk, at)) {
            const batch = chunk.subarray(at, at + batchSize(chunk, at))
            if (baseOffset(batch) >= end) return found
            if (wanted(batch)) found = Buffer.from(batch)
            if (first && found !== undefined) return found
            offset = lastOffset(batch) + 1n
          }
        }
      } finally {
        read.release()
      }
    }
    return found
  }
}
