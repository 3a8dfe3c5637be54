/**
 * D13.16: of several wrong values the first in the order of Kafka's definition is told, everywhere.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { root } from '../../scripts/repository.ts'
import { ConfigError, loadSettings } from '../../src/config/config.ts'
import { brokerAlterProblem } from '../../src/config/dynamic.ts'
import {
  clientMetricsTable, dynamicOnlyTable, groupTable, kafkaBrokerTable, topicTable,
} from '../../src/config/table.ts'
import { configRules } from '../../src/config/topic.ts'

const NONE = { node: new Map<string, string>(), cluster: new Map<string, string>() }

t.test('the tables stand in the order of Kafka\'s definitions', async t => {
  const orders = new Map<string, string[]>()
  for (const line of readFileSync(`${root}test/golden/config-order.tsv`, 'utf8').trimEnd().split('\n').slice(1)) {
    const [scope = '', name = ''] = line.split('\t')
    orders.set(scope, [...orders.get(scope) ?? [], name])
  }
  const tables: Record<string, Iterable<string>> = {
    topic: topicTable.keys(),
    group: groupTable.keys(),
    'client-metrics': clientMetricsTable.keys(),
    broker: kafkaBrokerTable.keys(),
    // What may be changed at run time is checked against a definition of its own.
    'broker-dynamic': [...dynamicOnlyTable.keys(), ...kafkaBrokerTable.keys()],
  }
  for (const [scope, names] of Object.entries(tables)) {
    const order = orders.get(scope) as string[]
    // The tables are of Kafka 4.4, which has some names more than Kafka 4.3.1, which was asked.
    t.same([...names].filter(name => order.includes(name)), order, scope)
  }
})

t.test('whatever the order of the request', async t => {
  const rules = configRules(new Map())
  const told = (type: number, values: Record<string, string>) => {
    const texts = Object.entries(values)
    const answers = [texts, [...texts].reverse()].map(entries => rules.check(type, 'a', new Map(entries), NONE)?.errorMessage)
    t.equal(answers[0], answers[1], `${Object.keys(values).join(', ')}: both ways`)
    return answers[0] ?? ''
  }
  t.match(told(2, { 'cleanup.policy': 'x', 'segment.bytes': 'x', 'retention.ms': 'x' }), /configuration segment\.bytes/)
  t.match(told(2, { 'min.insync.replicas': '0', 'flush.ms': '-1' }), /configuration flush\.ms/)
  t.match(told(32, { 'share.session.timeout.ms': 'x', 'consumer.heartbeat.interval.ms': 'x' }), /consumer\.heartbeat/)
  t.match(told(32, { 'consumer.session.timeout.ms': '1', 'share.session.timeout.ms': 'x' }), /share\.session/,
    'what does not parse comes before what is out of bounds')
  t.match(told(32, { 'consumer.session.timeout.ms': '1', 'consumer.heartbeat.interval.ms': '1' }), /^consumer\.heartbeat/)
  t.match(told(16, { match: 'x', 'interval.ms': '1', metrics: 'a,' }), /'metrics'/)
  t.match(told(16, { match: 'x', 'interval.ms': '1' }), /interval\.ms/)
})

t.test('of a broker: in its file, and while it runs', async t => {
  const overrides = ['log.retention.bytes=x', 'num.io.threads=0', 'remote.log.reader.threads=0']
  const problem = (() => {
    try {
      loadSettings({ overrides })
    } catch (error) {
      if (error instanceof ConfigError) return error.message
    }
    return ''
  })()
  t.same(problem.split('\n').map(line => /configuration ([a-z.]+):/.exec(line)?.[1]),
    ['remote.log.reader.threads', 'num.io.threads', 'log.retention.bytes'])
  const values: ReadonlyArray<[string, string]> = [
    ['log.retention.bytes', 'x'], ['num.io.threads', '0'], ['leader.replication.throttled.rate', '-1'],
  ]
  for (const texts of [values, [...values].reverse()]) {
    const failure = brokerAlterProblem('1', new Map(texts), NONE, new Map([['process.roles', 'broker']]))
    t.match(failure?.errorMessage, /leader\.replication\.throttled\.rate/)
  }
  const failure = brokerAlterProblem('1', new Map(values.slice(0, 2)), NONE, new Map())
  t.match(failure?.errorMessage, /num\.io\.threads/)
})
