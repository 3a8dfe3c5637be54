/**
 * Power losses: a store is written to until the power goes at a random moment, opened again without
 * repair, and judged: no damaged batch, each log as it was after one of its operations, nothing
 * older than its last completed flush missing, every durable append there.
 *
 * Two ways: `memory` records what was written and what was synced, and keeps of the unsynced writes
 * any subset, in any order, torn at pages; `ext4` shuts a loop-mounted file system down (needs
 * root). `npm run store:power-loss -- [--states 200] [--way memory|ext4] [--mutant NAME] [--seed 1]
 * [--minutes 15]`. With a mutant (or OTTLA_MUTANT) the run succeeds only if it reports loss.
 */
import { execFileSync, spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { createInterface } from 'node:readline'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import { openStore } from '../../src/store/store.ts'
import type { StoreOptions } from '../../src/store/store.ts'
import { realEnvironment } from '../../test/store/fixtures.ts'
import { seeded, smallSizes } from '../../test/store/model.ts'
import { numberOption, textOption } from '../options.ts'
import { programWords } from '../repository.ts'
import { change, report, Witness } from './witness.ts'

/** What the words behind the program ask for. */
interface Asked {
  readonly mutant: string
  readonly options: Partial<StoreOptions>
  readonly states: number
  readonly firstSeed: number
  readonly endsAt: number
}

function askedBy (words: readonly string[]): Asked {
  const mutant = textOption(words, 'mutant', process.env.OTTLA_MUTANT ?? '')
  return {
    mutant,
    options: {
      ...smallSizes,
      flushIntervalMs: 10,
      mutant: mutant === '' ? undefined : mutant as NonNullable<StoreOptions['mutant']>,
    },
    states: numberOption(words, 'states', 200),
    firstSeed: numberOption(words, 'seed', 1),
    endsAt: Date.now() + numberOption(words, 'minutes', 15) * 60_000,
  }
}

function progress (done: number, { states }: Asked, witness: Witness): void {
  if (!process.stdout.isTTY) return
  process.stdout.write(`\r${done} of ${states} states, ${witness.operations} acknowledged `)
}

/** One disk lives through all power losses: what one leaves is what the next begins with. */
async function inMemory (asked: Asked, witness: Witness): Promise<number> {
  const { options, states, firstSeed, endsAt } = asked
  const random = seeded(firstSeed)
  const memory = new MemoryDisk({
    setTimer: (_, run) => setTimeout(run, random() * 6),
  })
  for (let done = 0; done <= states; done++) {
    const began = performance.now()
    const store = await openStore('/data', realEnvironment(memory.disk()), options)
    const tell = (...words: Array<string | number | bigint>): void => {
      if (!lost) witness.hear(words.join(' '))
    }
    let lost = false
    tell('opened', Math.round(performance.now() - began))
    await report(store, tell)
    tell('ready')
    if (witness.problems.length > 0 || done === states || Date.now() > endsAt) return done
    const writing = change(store, random, firstSeed + done, tell, () => lost).catch(() => {})
    await new Promise(resolve => { setTimeout(resolve, 5 + random() * 80) })
    lost = true
    memory.powerLoss(random)
    // what waits for the lost disk waits for ever
    await Promise.race([writing, new Promise(resolve => { setTimeout(resolve, 20) })])
    progress(done + 1, asked, witness)
  }
  return states
}

const IMAGE_BYTES = 512 * 1024 * 1024
/** Shuts an ext4 down as a power loss does: nothing of its journal or of the page cache follows. */
const SHUTDOWN = 'open my $d, "<", $ARGV[0] or die; my $how = pack "L", 2; ' +
  'ioctl $d, 0x8004587d, $how or die "ioctl: $!"'

async function onLoop (asked: Asked, witness: Witness): Promise<number> {
  const { states, firstSeed, endsAt } = asked
  const image = `/tmp/ottla-power-loss-${process.pid}.img`
  const mount = `/tmp/ottla-power-loss-${process.pid}`
  fs.mkdirSync(mount)
  fs.closeSync(fs.openSync(image, 'w'))
  fs.truncateSync(image, IMAGE_BYTES)
  execFileSync('mkfs.ext4', ['-q', '-b', '4096', image])
  const random = seeded(firstSeed)
  try {
    for (let done = 0; done <= states; done++) {
      execFileSync('mount', ['-o', 'loop', image, mount])
      try {
        await lifeOnLoop(mount, firstSeed + done, random, asked, witness)
      } finally {
        execFileSync('umount', [mount])
      }
      if (witness.problems.length > 0 || Date.now() > endsAt) return done
      progress(done + 1, asked, witness)
    }
    return states
  } finally {
    fs.rmSync(image, { force: true })
    fs.rmdirSync(mount)
  }
}

async function lifeOnLoop (
  mount: string, seed: number, random: () => number, { mutant }: Asked, witness: Witness
): Promise<void> {
  const child = spawn(process.execPath,
    [...programWords('store/power-loss'), '--child', mount, '--seed', String(seed),
      ...(mutant === '' ? [] : ['--mutant', mutant])],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  let lost = false
  let timer: NodeJS.Timeout | undefined
  const heard = new Promise<void>(resolve => {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', line => {
      // after the loss every write and sync fails, so whatever is acknowledged was before it
      if (!line.endsWith(' .')) return
      witness.hear(line.slice(0, -2))
      if (line !== 'ready .') return
      timer = setTimeout(() => {
        lost = true
        execFileSync('perl', ['-e', SHUTDOWN, mount])
        child.kill('SIGKILL')
      }, 10 + random() * 200)
    })
    lines.on('close', resolve)
  })
  await Promise.all([heard, new Promise(resolve => { child.once('exit', resolve) })])
  clearTimeout(timer)
  if (!lost) witness.problems.push(`the writer ended by itself: ${child.exitCode}`)
}

async function writer (mount: string, { options, firstSeed: seed }: Asked): Promise<void> {
  const tell = (...words: Array<string | number | bigint>): void => {
    fs.writeSync(1, words.join(' ') + ' .\n')
  }
  const began = performance.now()
  const store = await openStore(`${mount}/data`, realEnvironment(nodeDisk()), options)
  tell('opened', Math.round(performance.now() - began))
  await report(store, tell)
  tell('ready')
  // after the shutdown everything fails: whatever it says then is not heard
  await change(store, seeded(seed), seed, tell).catch(() => {})
  await new Promise(resolve => { setTimeout(resolve, 10_000) })
}

export async function main (words: readonly string[]): Promise<number> {
  const asked = askedBy(words)
  const child = textOption(words, 'child', '')
  if (child !== '') {
    await writer(child, asked)
    return 0
  }
  const { mutant } = asked
  const witness = new Witness('power loss')
  const way = textOption(words, 'way', 'memory')
  let done = 0
  let stopped = ''
  try {
    done = way === 'ext4' ? await onLoop(asked, witness) : await inMemory(asked, witness)
  } catch (error) {
    stopped = String(error)
    witness.problems.push(`it does not open: ${stopped}`)
  }
  for (const problem of witness.problems) console.error(problem)
  const bad = witness.problems.length
  console.log(`${way}${mutant === '' ? '' : ` with the mutant ${mutant}`}: ${done} states, ` +
    `${witness.operations} operations acknowledged, ${bad} bad, ` +
    `slowest open ${witness.openMs} ms`)
  return (bad === 0) === (mutant === '') ? 0 : 1
}
