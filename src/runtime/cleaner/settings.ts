/** The log cleaner's settings as plain values; they may change while the broker runs. */
import type { MapSize } from '../../core/compaction/offset-map.ts'

export interface CleanerSettings {
  /** log.cleaner.backoff.ms */
  readonly backoffMs: number
  /** log.cleaner.dedupe.buffer.size and log.cleaner.io.buffer.load.factor */
  readonly map: MapSize
  /** log.cleaner.io.buffer.size: read at once. */
  readonly readBytes: number
  /** log.cleaner.io.max.bytes.per.second, read and written. */
  readonly bytesPerSecond: number
}
