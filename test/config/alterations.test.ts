/**
 * D13.11: every setting that may be changed of a running broker, with values that it takes and
 * values that it does not, as Apache Kafka 4.3.1 answered (IncrementalAlterConfigs of validateOnly
 * to a node of its own): code and text.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { root } from '../../scripts/repository.ts'
import { settingsFrom } from '../../src/config/config.ts'
import { brokerAlterProblem } from '../../src/config/dynamic.ts'
import { brokerTable, dynamicOnlyTable } from '../../src/config/table.ts'

type Asked = [brokers: string[], values: Record<string, string>, errorCode: number,
  errorMessage: string | null]

const asked = readFileSync(`${root}test/golden/broker-alterations.jsonl`, 'utf8').trimEnd().split('\n')
  .map(line => JSON.parse(line) as Asked)

t.test('what Kafka takes and refuses', async t => {
  const nothing = { node: new Map<string, string>(), cluster: new Map<string, string>() }
  const { staticTexts } = settingsFrom(new Map())
  for (const [brokers, values, errorCode, errorMessage] of asked) {
    for (const broker of brokers) {
      const problem = brokerAlterProblem(broker, new Map(Object.entries(values)), nothing,
        staticTexts)
      t.same(problem ?? { errorCode: 0, errorMessage: null }, { errorCode, errorMessage }, `${broker}: ${JSON.stringify(values)}`)
    }
  }
})

t.test('none is left out', async t => {
  const seen = new Set(asked.flatMap(([, values]) => Object.keys(values)))
  const dynamic = [...dynamicOnlyTable.values(), ...brokerTable.values()]
    .filter(({ name, updateMode }) => updateMode !== 'read-only' && !OTHERWISE.has(name) && !OF_LATER.test(name))
  t.same(dynamic.map(({ name }) => name).filter(name => !seen.has(name)), [])
})

/** Answered with Java's own words, or by what a broker listens on. */
const OTHERWISE: ReadonlySet<string> = new Set(['config.providers', 'listeners', 'listener.security.protocol.map'])

/** Kafka 4.3.1, which was asked, does not know these. */
const OF_LATER = /^errors\.deadletterqueue|assignor\.offload|^log\.remote\.copy|^max\.decompressed/
