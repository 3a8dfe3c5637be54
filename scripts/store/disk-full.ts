/**
 * A real full disk: a small tmpfs (needs root) with a
 * ballast file in it. Appends until DISK_FULL, checks that nothing is lost, frees the ballast,
 * goes on without a restart, opens again and checks everything.
 * `npm run store:disk-full -- [--megabytes 64]`.
 */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { Log } from '../../src/store/store.ts'
import { batch, realEnvironment } from '../../test/store/fixtures.ts'
import { readAll, smallSizes } from '../../test/store/model.ts'
import { numberOption } from '../options.ts'

const options = {
  ...smallSizes,
  journalFileBytes: 4 * 1024 * 1024,
  flushBytes: 2 * 1024 * 1024,
  volumeBytes: 16 * 1024 * 1024,
  pendingBytesMax: 8 * 1024 * 1024,
}

/** Appends until one is refused; returns what was acknowledged. */
async function fill (log: Log, kept: Buffer[], limit: number): Promise<string> {
  for (let count = 0; count < limit; count++) {
    const size = count % 3 === 0 ? 30_000 : 900
    const bytes = batch({ base: log.endOffset, bytes: size, seed: count })
    try {
      await log.append(bytes, false)
      kept.push(bytes)
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  }
  return 'no refusal'
}

async function check (log: Log | undefined, kept: readonly Buffer[], when: string): Promise<void> {
  if (log === undefined) throw new Error(`${when}: the log is missing`)
  const wanted = Buffer.concat(kept)
  const found = await readAll(log)
  if (!found.equals(wanted)) {
    throw new Error(`${when}: ${found.length} bytes are there, ${wanted.length} acknowledged`)
  }
}

export async function main (words: readonly string[]): Promise<number> {
  const megabytes = numberOption(words, 'megabytes', 64)
  const mount = join(tmpdir(), `ottla-store-full-${process.pid}`)
  fs.mkdirSync(mount)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', mount])
  try {
    await fillAndGoOn(mount, megabytes)
  } finally {
    execFileSync('umount', [mount])
    fs.rmdirSync(mount)
  }
  return 0
}

async function fillAndGoOn (mount: string, megabytes: number): Promise<void> {
  const ballast = `${mount}/ballast`
  fs.writeFileSync(ballast, Buffer.alloc(megabytes * 1024 * 1024 >> 1))
  const open = () => openStore(`${mount}/data`, realEnvironment(nodeDisk()), options)
  const store = await open()
  const log = store.openLog('orders-0')
  const kept: Buffer[] = []
  const refusal = await fill(log, kept, 1e6)
  if (refusal !== 'DISK_FULL') throw new Error(`refused with ${refusal}`)
  const atFull = kept.length
  await check(log, kept, 'on the full disk')
  fs.unlinkSync(ballast)
  const freed = Date.now()
  while (await fill(log, kept, 1) === 'DISK_FULL') {
    if (Date.now() - freed > 10_000) throw new Error('it did not go on within 10 s')
    await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  const resumedMs = Date.now() - freed
  await fill(log, kept, 200)
  await check(log, kept, 'after going on')
  await store.close()
  const again = await open()
  await check(again.findLog('orders-0'), kept, 'after opening again')
  await again.close()
  console.log(`full after ${atFull} batches, 0 lost, went on after ${resumedMs} ms`)
}
