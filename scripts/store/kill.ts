/**
 * Kills a writer with SIGKILL at random moments, again and again in one directory, and checks at
 * every reopening that each log is what was acknowledged, or that and the one operation under way.
 * `npm run store:kill -- [--rounds 1000] [--seed 1] [--directory D] [--minutes 30]`
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import { realEnvironment } from '../../test/store/fixtures.ts'
import { seeded, smallSizes } from '../../test/store/model.ts'
import { numberOption, textOption } from '../options.ts'
import { programWords } from '../repository.ts'
import { change, report, Witness } from './witness.ts'

/** One line of the writer, out before it goes on: what it did last is always told. */
function tell (...words: Array<string | number | bigint>): void {
  fs.writeSync(1, words.join(' ') + ' .\n')
}

/** The child: tells what it finds, then changes one log after the other until it is killed. */
async function writer (directory: string, seed: number): Promise<void> {
  const began = performance.now()
  const store = await openStore(directory, realEnvironment(nodeDisk(), (level, message) => {
    if (level === 'error') tell('error', message)
  }), smallSizes)
  tell('opened', Math.round(performance.now() - began))
  await report(store, tell)
  tell('ready')
  await change(store, seeded(seed), seed, tell)
}

function listen (child: ChildProcess, witness: Witness, ready: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('the writer has no output'))
    const lines = createInterface({ input: child.stdout })
    lines.on('line', line => {
      if (!line.endsWith(' .')) return // cut by the kill, so what it announced was not begun
      witness.hear(line.slice(0, -2))
      if (line === 'ready .') ready()
    })
    lines.on('close', resolve)
  })
}

async function round (directory: string, seed: number, witness: Witness): Promise<void> {
  const random = seeded(seed)
  const child = spawn(process.execPath, [
    ...programWords('store/kill'), '--child', directory, '--seed', String(seed),
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = (): void => { child.kill('SIGKILL') }
  // a part of the kills falls into the opening
  const early = random() < 0.25
  let timer = setTimeout(kill, early ? 60 + random() * 120 : 30_000)
  const heard = listen(child, witness, () => {
    if (early) return
    clearTimeout(timer)
    timer = setTimeout(kill, random() * 150)
  })
  await Promise.all([heard, new Promise(resolve => { child.once('exit', resolve) })])
  clearTimeout(timer)
  if (child.signalCode !== 'SIGKILL') witness.problems.push(`the writer ended: ${child.exitCode}`)
}

export async function main (words: readonly string[]): Promise<number> {
  const firstSeed = numberOption(words, 'seed', 1)
  const child = textOption(words, 'child', '')
  if (child !== '') {
    await writer(child, firstSeed)
    return 0
  }
  const rounds = numberOption(words, 'rounds', 1000)
  const directory = textOption(words, 'directory', join(tmpdir(), `ottla-store-kill-${process.pid}`))
  const limitMs = numberOption(words, 'minutes', 30) * 60_000
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory, { recursive: true })
  const witness = new Witness('kill')
  const began = Date.now()
  let done = 0
  while (done < rounds && witness.problems.length === 0 && Date.now() - began < limitMs) {
    await round(directory, firstSeed + done, witness)
    done++
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${done} of ${rounds} kills, ${witness.operations} acknowledged `)
    }
  }
  for (const problem of witness.problems) console.error(problem)
  if (witness.problems.length === 0) fs.rmSync(directory, { recursive: true, force: true })
  console.log(`${done} kills, ${witness.operations} operations acknowledged, ` +
    `${witness.problems.length} lost or wrong, slowest open ${witness.openMs} ms`)
  return witness.problems.length === 0 ? 0 : 1
}
