/**
 * `npm run bench:pairs -- [--rounds 4] [--scale 1] [--loads 100,1024,10240,1024:lz4]`: Apache Kafka
 * and ottla run at once, and the same load goes to one and then to the other, first and second
 * changing each round, so that what the machine does to one it does to the other. Medians, their
 * ratio and that of each pair. For throughput; `npm run bench` measures starts, memory, latency and
 * CPU as well.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { setUpKafka } from '../kafka/setup.ts'
import { CannotRun, numberOption, textOption } from '../options.ts'
import { Contender } from './contender.ts'
import { consume, produce, setUpLoad } from './load.ts'

/** Of records of the longest load. */
const COUNT_MAX = 3e6
const BYTES_MAX = 1e9
/** What a record costs besides its bytes, so that loads of small ones do not take for ever. */
const RECORD_COST_BYTES = 300
const WARM_UP = { topic: 'warm-up', bytes: 1024, count: 600_000 }

interface Load { readonly bytes: number, readonly codec: string }

/** Records a second by broker, a number each round. */
interface Seen { readonly kafka: number[], readonly ottla: number[] }

export async function main (words: readonly string[]): Promise<number> {
  const rounds = numberOption(words, 'rounds', 4)
  const scale = numberOption(words, 'scale', 1)
  const loads = textOption(words, 'loads', '100,1024,10240,1024:lz4').split(',').map(loadNamed)
  await setUpKafka()
  await setUpLoad()
  const contenders: Contender[] = []
  const interruption = new AbortController()
  process.once('SIGINT', () => { interruption.abort(new CannotRun('interrupted')) })
  try {
    for (const name of ['kafka', 'ottla']) {
      const contender = await Contender.prepare(name)
      contenders.push(contender)
      await contender.boot()
    }
    await sleep(2000)
    for (const contender of contenders) {
      await produce(contender, WARM_UP)
      await consume(contender, WARM_UP)
    }
    console.log(row(['load', 'what', 'kafka msg/s', 'ottla msg/s', 'ratio', 'pairs']))
    for (const load of loads) {
      await compare(contenders, load, { rounds, scale, signal: interruption.signal })
    }
    return 0
  } finally {
    for (const contender of contenders) await contender.remove()
  }
}

function loadNamed (text: string): Load {
  const [bytes = '', codec = 'none'] = text.split(':')
  if (!(Number(bytes) > 0)) throw new CannotRun(`--loads ${text}: give each as BYTES or BYTES:CODEC`)
  return { bytes: Number(bytes), codec }
}

async function compare (
  contenders: readonly Contender[], { bytes, codec }: Load,
  { rounds, scale, signal }: { rounds: number, scale: number, signal: AbortSignal }
): Promise<void> {
  const count =
    Math.round(scale * Math.min(COUNT_MAX, BYTES_MAX / (bytes + RECORD_COST_BYTES)) / 1000) * 1000
  const produced: Seen = { kafka: [], ottla: [] }
  const consumed: Seen = { kafka: [], ottla: [] }
  for (let round = 0; round < rounds; round++) {
    const topic = `t-${bytes}-${codec}-${round}`
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      signal.throwIfAborted()
      const name = contender.name as keyof Seen
      produced[name].push(await produce(contender, { topic, bytes, count, codec }))
      consumed[name].push(await consume(contender, { topic, count }))
    }
  }
  const title = `${bytes} B${codec === 'none' ? '' : ` ${codec}`}`
  for (const [what, { kafka, ottla }] of [['produce', produced], ['consume', consumed]] as const) {
    const pairs = ottla.map((rate, round) => ratio(rate, kafka[round] ?? 0)).join(' ')
    const [theirs, ours] = [median(kafka), median(ottla)]
    console.log(row([title, what, String(theirs), String(ours), ratio(ours, theirs), pairs]))
  }
}

function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

/** A load that did not end within its time counts nothing. */
function ratio (ours: number, theirs: number): string {
  return ours > 0 && theirs > 0 ? (ours / theirs).toFixed(2) : '-'
}

function row ([load = '', what = '', kafka = '', ottla = '', times = '', pairs = '']: readonly string[]): string {
  return [load.padEnd(16), what.padEnd(10), kafka.padStart(11), ottla.padStart(12), times.padStart(6), pairs].join(' ')
}
