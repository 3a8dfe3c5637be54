/**
 * Apache Kafka's recorded answers (npm run record), asked of a broker of ours, request by request.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { handlers } from '../src/apis/index.ts'
import { Differences } from './support/conversation/differences.ts'
import { answerAt, write } from './support/conversation/form.ts'
import { allFiles, differencesText, nameOf, readConversation } from './support/conversation/library.ts'
import { startOttla } from './support/conversation/ottla.ts'
import { Player } from './support/conversation/play.ts'
import type { Heard } from './support/conversation/play.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

/** Recorded before their APIs are served: each with the APIs that it waits for. */
const waiting: Readonly<Record<string, readonly string[]>> = {}

const deliberate = new Differences(differencesText())
const served = new Set(handlers.map(({ api }) => api.name))

for (const file of allFiles()) {
  const name = nameOf(file)
  if (waiting[name] !== undefined) continue
  t.test(name, async t => {
    const conversation = readConversation(file)
    const broker = await startOttla(conversation)
    t.teardown(() => broker.stop())
    const player = new Player({ host: broker.host, port: broker.port, pauseMs: 0 })
    for await (const heard of player.play(conversation)) {
      const kafka = answerAt(heard.step, heard.version)
      if (kafka === undefined) t.fail(`${titleOf(heard)}: nothing is recorded; npm run record`)
      else t.same(heard.answer, deliberate.expected(name, heard, kafka), titleOf(heard))
    }
  })
}

t.test('the files stand as the recorder writes them', async t => {
  for (const file of allFiles()) t.equal(write(readConversation(file)), readFileSync(file, 'utf8'), nameOf(file))
})

t.test('what waits for an API waits for one that is not served', async t => {
  for (const [name, apis] of Object.entries(waiting)) {
    t.ok(apis.some(api => !served.has(api)), `${name} waits for ${apis.join(', ')}`)
  }
  t.same(deliberate.unused, [], 'every deliberate difference is met')
})

function titleOf ({ step, version }: Heard): string {
  return step.do === 'ask' ? `${step.api} v${version}: ${step.shows}` : step.shows
}
