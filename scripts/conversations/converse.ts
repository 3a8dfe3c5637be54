/**
 * `npm run converse -- [--both | --broker HOST:PORT] FILE...` plays conversations live and prints
 * how the answers differ from the recorded ones. Without an option, to a broker of ours in memory;
 * with `--both`, to it and to Apache Kafka, which are then compared with each other.
 */
import { answerAt } from '../../test/support/conversation/form.ts'
import type { Conversation } from '../../test/support/conversation/form.ts'
import { Differences } from '../../test/support/conversation/differences.ts'
import { differencesText, nameOf, readConversation } from '../../test/support/conversation/library.ts'
import { startOttla } from '../../test/support/conversation/ottla.ts'
import { differences } from '../../test/support/conversation/paths.ts'
import { Player } from '../../test/support/conversation/play.ts'
import type { Heard, Place } from '../../test/support/conversation/play.ts'
import { KafkaProcess } from '../kafka/process.ts'
import { KAFKA_PAUSE_MS } from './record.ts'

const USAGE = 'npm run converse -- [--both | --broker HOST:PORT] FILE...'

/** Lines a request: an array that has one element more differs everywhere. */
const SHOWN_MAX = 12

export async function main (words: string[]): Promise<number> {
  const both = words.includes('--both')
  const at = words.indexOf('--broker')
  const broker = at < 0 ? undefined : words[at + 1]
  const files = words.filter((word, i) => !word.startsWith('--') && (at < 0 || i !== at + 1))
  if (files.length === 0) {
    console.error(USAGE)
    return 2
  }
  let differ = 0
  for (const file of files) differ += await converse(file, both, broker)
  return differ === 0 ? 0 : 1
}

/** Prints the differences and counts them. */
async function converse (file: string, both: boolean, broker: string | undefined): Promise<number> {
  const conversation = readConversation(file)
  const name = nameOf(file)
  const deliberate = new Differences(differencesText())
  const before = both
    ? await withKafka(conversation, place => answersOf(conversation, place))
    : undefined
  const heard = broker === undefined
    ? await withOttla(conversation, place => answersOf(conversation, place))
    : await answersOf(conversation, placeNamed(broker))
  let equal = 0
  let differ = 0
  heard.forEach((each, i) => {
    const kafka = before?.[i]?.answer ?? answerAt(each.step, each.version)
    const expected = kafka === undefined || broker !== undefined
      ? kafka
      : deliberate.expected(name, each, kafka)
    const found = differences(expected, each.answer)
    if (found.length === 0) equal++
    else {
      differ++
      const shown = found.length > SHOWN_MAX ? [...found.slice(0, SHOWN_MAX), `and ${found.length - SHOWN_MAX} more`] : found
      console.log([`${name}: ${titleOf(each)}`, ...shown].join('\n    '))
    }
  })
  console.log(`${name}: ${equal} equal, ${differ} differ`)
  return differ
}

/** What a request is called wherever it is told of. */
function titleOf ({ step, version }: Heard): string {
  return step.do === 'ask' ? `${step.api} v${version}: ${step.shows}` : step.shows
}

async function answersOf (conversation: Conversation, place: Place): Promise<Heard[]> {
  const heard: Heard[] = []
  for await (const each of new Player(place).play(conversation)) heard.push(each)
  return heard
}

async function withKafka<T> (
  conversation: Conversation, use: (place: Place) => Promise<T>
): Promise<T> {
  const kafka = await KafkaProcess.start(conversation.settings)
  try {
    return await use({ host: '127.0.0.1', port: kafka.port, pauseMs: KAFKA_PAUSE_MS })
  } finally {
    await kafka.stop()
  }
}

async function withOttla<T> (
  conversation: Conversation, use: (place: Place) => Promise<T>
): Promise<T> {
  const ottla = await startOttla(conversation)
  try {
    return await use({ host: ottla.host, port: ottla.port, pauseMs: 0 })
  } finally {
    await ottla.stop()
  }
}

function placeNamed (broker: string): Place {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(broker) ?? []
  return { host, port: Number(port), pauseMs: KAFKA_PAUSE_MS }
}
