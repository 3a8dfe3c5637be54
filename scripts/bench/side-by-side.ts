/**
 * `npm run bench -- [--scale 0.5] [--only kafka|ottla,...] [--json FILE] [--peer NAME=COMMAND]...`:
 * the same loads on Apache Kafka and on ottla, one after the other on one machine, and a table of
 * both with the ratio. Only ratios of one run mean anything. `--peer` is a third broker; in its
 * command `{port}`, `{dir}` and `{file}` (a server.properties) are replaced. Every load has a count
 * and a limit of time.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setUpKafka } from '../kafka/setup.ts'
import { CannotRun } from '../options.ts'
import { Contender } from './contender.ts'
import { Figures, table } from './figures.ts'
import { setUpLoad } from './load.ts'
import { measure } from './measures.ts'

/** For the disk to be done with what the one before has left. */
const SETTLE_MS = 3000

interface Asked {
  readonly names: readonly string[]
  /** Commands of third brokers, by name. */
  readonly peers: ReadonlyMap<string, string>
  readonly scale: number
  readonly json: string | undefined
}

export async function main (words: readonly string[]): Promise<number> {
  const { names, peers, scale, json } = askedBy(words)
  await setUpKafka()
  await setUpLoad()
  const interruption = new AbortController()
  process.once('SIGINT', () => { interruption.abort(new CannotRun('interrupted')) })
  const results: Figures[] = []
  for (const name of names) {
    spawnSync('sync')
    await sleep(SETTLE_MS)
    const figures = new Figures(name)
    const contender = await Contender.prepare(name, peers.get(name))
    try {
      await measure({ contender, figures, scale, signal: interruption.signal })
    } finally {
      await contender.remove()
    }
    results.push(figures)
  }
  if (json !== undefined) {
    writeFileSync(json,
      JSON.stringify(Object.fromEntries(results.map(({ name, all }) => [name, all])), null, 1))
  }
  console.log(table(results))
  return 0
}

function askedBy (words: readonly string[]): Asked {
  const values = parsed(words)
  const scale = Number(values.scale ?? 0.5)
  if (!(scale > 0)) throw new CannotRun(`--scale ${values.scale}: a number above 0 is wanted`)
  const peers = new Map((values.peer ?? []).map(text => {
    const [, name, command] = /^(\w+)=(.+)$/.exec(text) ?? []
    if (name === undefined || command === undefined) throw new CannotRun(`--peer ${text}: give it as NAME=COMMAND`)
    return [name, command]
  }))
  const all = ['kafka', ...peers.keys(), 'ottla']
  const names = values.only?.split(',') ?? all
  const stranger = names.find(name => !all.includes(name))
  if (stranger !== undefined) throw new CannotRun(`--only ${stranger}: one of ${all.join(', ')} is wanted`)
  return { names, peers, scale, json: values.json }
}

function parsed (words: readonly string[]): {
  scale?: string, only?: string, json?: string, peer?: string[],
} {
  const text = { type: 'string' } as const
  try {
    const options =
      { scale: text, only: text, json: text, peer: { ...text, multiple: true } } as const
    return parseArgs({ args: [...words], options }).values
  } catch (error) {
    throw new CannotRun((error as Error).message)
  }
}
