/** Batches with known contents, and an environment on this machine's clock and event loop. */
import { crc32c } from '../../protocol/records/checksum.ts'
import { at, header, HEADER_SIZE, LOG_OVERHEAD } from '../../protocol/records/header.ts'
import type { StoreEnvironment } from '../../src/store/contract.ts'
import type { Disk } from '../../src/store/disk.ts'
import '../support/memory-watch.ts'

export interface BatchShape {
  base: number | bigint
  records?: number
  bytes?: number
  epoch?: number
  timestamp?: number | bigint
  seed?: number
}

/** A batch of exactly `bytes` whose payload follows from base offset and seed. */
export function batch (shape: BatchShape): Buffer {
  const { base, records = 1, bytes = 100, epoch = 0, timestamp = 0, seed = 0 } = shape
  const buffer = Buffer.alloc(Math.max(bytes, HEADER_SIZE))
  header.encode({
    baseOffset: BigInt(base),
    batchLength: buffer.length - LOG_OVERHEAD,
    partitionLeaderEpoch: epoch,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: records - 1,
    baseTimestamp: BigInt(timestamp),
    maxTimestamp: BigInt(timestamp),
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    recordsCount: records,
  }, buffer)
  let state = (Number(BigInt(base) & 0xffffffn) * 2654435761 + seed) >>> 0
  for (let index = HEADER_SIZE; index < buffer.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    buffer[index] = state >>> 24
  }
  buffer.writeUInt32BE(crc32c(buffer, at.attributes), at.crc)
  return buffer
}

/** The process's own environment around `disk`. */
export function realEnvironment (
  disk: Disk, log: StoreEnvironment['log'] = () => {}
): StoreEnvironment {
  return {
    disk,
    nowMs: () => Date.now(),
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      return { cancel: () => { clearTimeout(timer) } }
    },
    atTurnEnd: run => { setImmediate(run) },
    log,
  }
}
