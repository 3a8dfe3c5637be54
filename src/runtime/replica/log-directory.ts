/** Where this broker keeps its logs, as DescribeLogDirs tells it. */

export interface LogDirectory {
  /** The `directory.id` under which the broker registered it (KIP-858). */
  readonly id: string
  /** Absolute. */
  readonly path: string
  /** Of the file system; -1 where that is not known. */
  space (): { totalBytes: bigint, usableBytes: bigint }
}
