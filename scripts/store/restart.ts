/**
 * How long a store with much in it takes to open, after a clean stop and after a kill.
 * `npm run store:restart -- [--megabytes 1024] [--logs 1000]`.
 */
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import { batch, realEnvironment } from '../../test/store/fixtures.ts'
import { numberOption, textOption } from '../options.ts'
import { programWords } from '../repository.ts'

async function fill (store: Store, logs: number, bytes: number): Promise<void> {
  const opened = Array.from({ length: logs }, (_, index) => store.openLog(`log-${index}`))
  const small = batch({ base: 0, bytes: 1_000 })
  const large = batch({ base: 0, bytes: 60_000 })
  for (let written = 0, count = 0; written < bytes;) {
    const waits: Array<Promise<void>> = []
    for (let turn = 0; turn < 64; turn++, count++) {
      const made = Buffer.from(count % 8 === 0 ? large : small)
      const log = opened[count % logs]
      if (log === undefined) continue
      made.writeBigInt64BE(log.endOffset, 0)
      waits.push(log.append(made, false))
      written += made.length
    }
    await Promise.all(waits)
    if (store.underPressure) await new Promise<void>(resolve => { store.onRelief(resolve) })
  }
}

async function timed (path: string): Promise<{ store: Store, ms: number }> {
  const began = performance.now()
  const store = await openStore(path, realEnvironment(nodeDisk()))
  return { store, ms: Math.round(performance.now() - began) }
}

export async function main (words: readonly string[]): Promise<number> {
  const logs = numberOption(words, 'logs', 1000)
  const child = textOption(words, 'child', '')
  if (child !== '') {
    const { store } = await timed(child)
    await fill(store, logs, 30 * 1024 * 1024)
    process.kill(process.pid, 'SIGKILL')
  }
  const megabytes = numberOption(words, 'megabytes', 1024)
  const directory = join(tmpdir(), `ottla-store-restart-${process.pid}`)
  const { store } = await timed(directory)
  await fill(store, logs, megabytes * 1024 * 1024)
  await store.close()
  const clean = await timed(directory)
  const { volumes, journalFiles } = clean.store.stats()
  await clean.store.close()
  await new Promise(resolve => {
    spawn(process.execPath, [...programWords('store/restart'), '--child', directory, '--logs', String(logs)], { stdio: 'inherit' }).once('exit', resolve)
  })
  const killed = await timed(directory)
  await killed.store.close()
  fs.rmSync(directory, { recursive: true, force: true })
  console.log(`${megabytes} MB in ${logs} logs, ${volumes} volumes, ${journalFiles} journal files: ` +
    `open after a stop ${clean.ms} ms, after a kill under load ${killed.ms} ms`)
  return 0
}
