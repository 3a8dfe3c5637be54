/**
 * Every size and limit of the store, with its default. Settled by `npm run store:bench` (storage.md
 * 4.4): from 8 KB on a place saves more in the write than it costs the reader (at 4 KB it does
 * not), 64 KB chunks waste the fewest pages, larger or smaller journal files cost CPU at 1 KB or at
 * 100 KB; flush sizes 8-32 MB are equal.
 */

export interface StoreOptions {
  /** Largest size of one journal file. */
  journalFileBytes: number
  /** A flush into the volume starts at least this often while something is pending. */
  flushIntervalMs: number
  /** A flush starts when this much of small batches is pending. */
  flushBytes: number
  /** Batches from this size on stay in the journal file; the volume holds their place. */
  largeBatchBytes: number
  /** Largest chunk of small batches, as one value of the volume. */
  chunkBytes: number
  /** A volume is sealed when it holds this many bytes. */
  volumeBytes: number
  /** A volume is sealed when it is this old. */
  volumeAgeMs: number
  /** Bytes pending in memory at which producers must wait. */
  pendingBytesMax: number
  /** Bytes of appends between two checkpoints. */
  checkpointBytes: number
  /**
   * A sync or flush that takes longer has failed (R-S2). Healthy disks under load were seen to take
   * more than 5 s; what this must catch is one that never ends.
   */
  syncTimeoutMs: number
  /** R-S9: free space below which only reserve logs may write. */
  reserveBytes: number
  /** Journal files with large batches that keep their descriptor at the same time. */
  openFilesMax: number
  /** Sealed volumes that keep their environment open at the same time. */
  openVolumesMax: number
  /** Bytes of survivors copied forward in one slice. */
  copySliceBytes: number
  /** A sealed volume with less alive than this part of it is copied forward. */
  aliveRatioMin: number
  /**
   * Compaction seals the active volume before it replaces anything in one of at least this size.
   */
  rewriteSealBytes: number
  /** Bytes that the scrub checks a second; 0 turns it off. */
  scrubBytesPerSecond: number
  /** Breaks one rule on purpose, for the harness that must notice the loss (R-S10). */
  mutant: 'reuse-early' | 'place-before-sync' | 'acknowledge-early' | undefined
}

const MB = 1024 * 1024

export const defaults: StoreOptions = {
  journalFileBytes: 64 * MB,
  flushIntervalMs: 250,
  flushBytes: 32 * MB,
  largeBatchBytes: 8 * 1024,
  chunkBytes: 65_472,
  volumeBytes: 1024 * MB,
  volumeAgeMs: 7 * 24 * 3_600_000,
  pendingBytesMax: 64 * MB,
  checkpointBytes: 64 * MB,
  syncTimeoutMs: 30_000,
  reserveBytes: 256 * MB,
  openFilesMax: 64,
  openVolumesMax: 64,
  copySliceBytes: 500_000,
  aliveRatioMin: 0.25,
  rewriteSealBytes: 64 * MB,
  scrubBytesPerSecond: 4 * MB,
  mutant: undefined,
}
