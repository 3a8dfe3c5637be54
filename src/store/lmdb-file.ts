/**
 * Whether a file can be an LMDB environment at all. LMDB maps what it is told to open and believes
 * it: over a file that was cut short or overwritten the process dies of a signal, without a word.
 */
import * as fs from 'node:fs'

const PAGE_HEADER_SIZE = 24
const META =
  { magic: 24, pageSize: 48, freeRoot: 88, mainRoot: 136, transaction: 152, end: 160 } as const
const MAGIC = 0xbeefc0de
const NO_ROOT = 0xffff_ffff_ffff_ffffn
const PAGE_FLAGS = 18
const BRANCH_OR_LEAF = 3
const PAGE_SIZES: ReadonlySet<number> =
  new Set([512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536])

/**
 * What is wrong with it; undefined if nothing that can be seen from its roots. After a power loss
 * the newer of its two states may speak of what was never written, and LMDB takes the older; with
 * `mustBeWhole` there was none.
 */
export function lmdbFileProblem (path: string, mustBeWhole: boolean): string | undefined {
  const descriptor = fs.openSync(path, 'r')
  try {
    const { size } = fs.fstatSync(descriptor)
    const first = read(descriptor, 0, META.end)
    if (!isMeta(first)) return 'it does not begin as an LMDB file does'
    const pageSize = first.readUInt32LE(META.pageSize)
    const second = read(descriptor, pageSize, META.end)
    if (!isMeta(second)) return 'its second page is not that of an LMDB file'
    const newest = transactionOf(first) > transactionOf(second) ? first : second
    const isWhole = (mustBeWhole ? [newest] : [first, second]).some(meta =>
      [META.freeRoot, META.mainRoot].every(at =>
        isRoot(descriptor, meta.readBigUInt64LE(at), pageSize, size)))
    return isWhole ? undefined : 'its roots are not there: it was cut short or overwritten'
  } finally {
    fs.closeSync(descriptor)
  }
}

function isMeta (bytes: Buffer): boolean {
  return bytes.length === META.end && bytes.readUInt32LE(META.magic) === MAGIC &&
    PAGE_SIZES.has(bytes.readUInt32LE(META.pageSize))
}

function transactionOf (meta: Buffer): bigint { return meta.readBigUInt64LE(META.transaction) }

function isRoot (descriptor: number, page: bigint, pageSize: number, size: number): boolean {
  if (page === NO_ROOT) return true
  if ((page + 1n) * BigInt(pageSize) > BigInt(size)) return false
  const header = read(descriptor, Number(page) * pageSize, PAGE_HEADER_SIZE)
  return header.readBigUInt64LE(0) === page &&
    (header.readUInt16LE(PAGE_FLAGS) & BRANCH_OR_LEAF) !== 0
}

function read (descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, position))
}
