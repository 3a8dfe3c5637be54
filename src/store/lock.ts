/**
 * One process a directory. The lock file names its holder (host, pid, when that process began) and
 * is touched every second, so that a holder in another container, whose pid says nothing here,
 * is seen to live or to be gone.
 */
import * as fs from 'node:fs'
import { StoreError } from './error.ts'

const BEAT_MS = 1_000
const SILENCE_MS = 3_500

interface Holder { host: string, pid: number, began: string }

/** Takes the lock, also from a dead holder. Rejects with LOCKED while another one lives. */
export async function takeLock (path: string): Promise<{ release (): void }> {
  const mine: Holder = { host: hostName(), pid: process.pid, began: beganAt(process.pid) ?? '' }
  const content = JSON.stringify(mine)
  for (let attempt = 0; attempt < 3; attempt++) {
    if (createExclusive(path, content)) return hold(path, content)
    const seen = readText(path)
    if (seen === undefined) continue
    if (await lives(path, seen, mine)) throw refused(path, seen)
    takeAway(path, seen)
  }
  throw refused(path, readText(path) ?? '')
}

function refused (path: string, seen: string): StoreError {
  return new StoreError('LOCKED', `${path} is held by another process (${seen}): ` +
    'stop it first, or give this broker a data directory of its own')
}

function createExclusive (path: string, content: string): boolean {
  try {
    fs.writeFileSync(path, content, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readText (path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function lives (path: string, seen: string, mine: Holder): Promise<boolean> {
  const holder = parse(seen)
  // without /proc nobody knows when a process began: then only the beat tells
  if (holder?.host === mine.host && mine.began !== '') return beganAt(holder.pid) === holder.began
  const before = touchedAt(path)
  if (before === undefined) return false
  if (Math.abs(Date.now() - before) > 60 * BEAT_MS) return false
  await new Promise(resolve => { setTimeout(resolve, SILENCE_MS) })
  return touchedAt(path) !== before
}

function parse (text: string): Holder | undefined {
  try {
    const { host, pid, began } = JSON.parse(text) as Partial<Holder>
    if (typeof host !== 'string' || typeof pid !== 'number') return undefined
    return { host, pid, began: String(began) }
  } catch {
    return undefined // its writer died between creating and writing
  }
}

/** Moves exactly the file that was judged out of the way, not one that a rival made since. */
function takeAway (path: string, seen: string): void {
  const aside = `${path}.${process.pid}`
  try {
    fs.renameSync(path, aside)
    if (readText(aside) !== seen) fs.linkSync(aside, path)
    fs.unlinkSync(aside)
  } catch {
    // a rival was faster: the next attempt sees its lock
  }
}

function hold (path: string, content: string): { release (): void } {
  const beat = setInterval(() => {
    const now = new Date()
    fs.utimes(path, now, now, () => {})
  }, BEAT_MS)
  beat.unref()
  return {
    release: () => {
      clearInterval(beat)
      if (readText(path) === content) fs.unlinkSync(path)
    },
  }
}

function touchedAt (path: string): number | undefined {
  try {
    return fs.statSync(path).mtimeMs
  } catch {
    return undefined
  }
}

function hostName (): string { return readText('/proc/sys/kernel/hostname')?.trim() ?? '' }

/** When the process with this pid began: a pid alone may belong to somebody else by now. */
function beganAt (pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  const ticks = stat === undefined ? undefined : ticksIn(stat)
  return ticks === undefined ? undefined : `${readText('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${ticks}`
}

/**
 * Of a line of /proc/PID/stat; undefined for a process that is dead and only not yet waited for.
 */
export function ticksIn (stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : rest[18] ?? ''
}
