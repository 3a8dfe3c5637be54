/**
 * `npm run record -- [FILE...]` plays conversations to Apache Kafka and writes its answers into the
 * files; without files, all of them. Each has a broker of its own. `npm run record -- --codecs`
 * asks its decoders what they make of unusual payloads.
 */
import { writeFileSync } from 'node:fs'
import type { Json } from '../../protocol/json.ts'
import { gathered, isAnswered, requestsIn, write } from '../../test/support/conversation/form.ts'
import type { Conversation, Step } from '../../test/support/conversation/form.ts'
import { allFiles, nameOf, readConversation } from '../../test/support/conversation/library.ts'
import { Player } from '../../test/support/conversation/play.ts'
import { KafkaProcess } from '../kafka/process.ts'
import { recordCodecs } from './record-codecs.ts'

/** Apache Kafka has many threads: what was sent last may be taken up late. */
export const KAFKA_PAUSE_MS = 150

export async function main (files: readonly string[]): Promise<number> {
  if (files.includes('--codecs')) return recordCodecs()
  for (const file of files.length > 0 ? files : allFiles()) {
    const conversation = readConversation(file)
    const kafka = await KafkaProcess.start(conversation.settings)
    try {
      await record(conversation, kafka.port)
    } finally {
      await kafka.stop()
    }
    writeFileSync(file, write(conversation))
    console.log(`${nameOf(file)}: ${requestsIn(conversation)} requests recorded`)
  }
  return 0
}

async function record (conversation: Conversation, port: number): Promise<void> {
  const heard = new Map<Step, Array<{ version: number | undefined, answer: Json }>>()
  const player = new Player({ host: '127.0.0.1', port, pauseMs: KAFKA_PAUSE_MS })
  for await (const { step, version, answer } of player.play(conversation)) {
    const answers = heard.get(step) ?? []
    answers.push({ version, answer })
    heard.set(step, answers)
  }
  for (const step of conversation.steps) {
    if (isAnswered(step)) step.answers = gathered(heard.get(step) ?? [])
  }
}
