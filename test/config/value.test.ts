/** The table of settings against Kafka's own, and values read by ConfigDef's rules (D13.16). */
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Setting } from '../../src/config/setting.ts'
import {
  brokerKeyOfGroup, brokerKeyOfTopic, brokerTable, clientMetricsTable, clientQuotaTable,
  dynamicOnlyTable, familyOf, groupTable, ipQuotaTable, kafkaBrokerTable, settingNameOf, topicTable,
} from '../../src/config/table.ts'
import { root } from '../../scripts/repository.ts'
import { doubleText } from '../../src/config/java.ts'
import { parseValue, textOf, valueTextOf } from '../../src/config/value.ts'
import { rowsOf } from '../support/reference.ts'

type Column =
  'scope' | 'name' | 'type' | 'default' | 'validValues' | 'updateMode' | 'sensitive' | 'internal' | 'synonyms'

t.test('the table says what Kafka\'s says', async t => {
  const tables: Readonly<Record<string, ReadonlyMap<string, Setting>>> = {
    broker: kafkaBrokerTable,
    'broker-dynamic-only': dynamicOnlyTable,
    topic: topicTable,
    group: groupTable,
    'client-metrics': clientMetricsTable,
    'user-client-quota': clientQuotaTable,
    'ip-quota': ipQuotaTable,
  }
  const defaults: Readonly<Record<string, string | null | undefined>> = { '<null>': null, '<required>': undefined }
  const counts = new Map<string, number>()
  for (const row of rowsOf<Column>('configs-4.4.tsv')) {
    const { scope, name, type, default: defaultText, validValues: allowed } = row
    const { updateMode, sensitive, internal, synonyms } = row
    counts.set(scope, (counts.get(scope) ?? 0) + 1)
    // Kafka checks that a text is there at all, or not an empty list, where it is used.
    const setting = tables[scope]?.get(name)
    if (setting === undefined) {
      t.fail(name)
      continue
    }
    const { honoured: ours, ...told } = setting
    t.type(ours, 'boolean')
    t.same(told, {
      name,
      type,
      defaultText: defaultText in defaults ? defaults[defaultText] : defaultText,
      allowed,
      updateMode,
      sensitive: sensitive === 'true',
      internal: internal === 'true',
    }, name)
    const behind = scope === 'topic'
      ? brokerKeyOfTopic(name)
      : scope === 'group' ? brokerKeyOfGroup(name) : undefined
    if (scope === 'topic' || scope === 'group') t.equal(behind ?? '', synonyms.split(',')[0], `${name} behind`)
    if (scope === 'topic' && behind !== undefined) {
      const shown = familyOf(behind).map(({ name: member, factor }) =>
        member + (factor === 60_000 ? '(min)' : factor === 3_600_000 ? '(h)' : ''))
      t.equal(shown.join(), synonyms, `${name}'s family`)
    }
  }
  for (const [scope, table] of Object.entries(tables)) t.equal(table.size, counts.get(scope), scope)
})

t.test('values by type, with Kafka\'s words', async t => {
  const cases: Array<[table: ReadonlyMap<string, Setting>, name: string, text: string,
    expected: unknown]> = [
      [brokerTable, 'log.flush.interval.messages', '9223372036854775807', 9223372036854775807n],
      [topicTable, 'retention.ms', ' 5 ', 5n],
      [topicTable, 'retention.ms', 'abc', 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
      [topicTable, 'retention.ms', '9223372036854775808', 'Invalid value 9223372036854775808 for configuration retention.ms: Not a number of type LONG'],
      [topicTable, 'retention.ms', '-2', 'Invalid value -2 for configuration retention.ms: Value must be at least -1'],
      [topicTable, 'segment.bytes', '14', 'Invalid value 14 for configuration segment.bytes: Value must be at least 1048576'],
      [topicTable, 'segment.bytes', '99999999999', 'Invalid value 99999999999 for configuration segment.bytes: Not a number of type INT'],
      [topicTable, 'min.insync.replicas', '+5', 5],
      [topicTable, 'min.insync.replicas', '1.0', 'Invalid value 1.0 for configuration min.insync.replicas: Not a number of type INT'],
      [topicTable, 'min.insync.replicas', '', 'Invalid value  for configuration min.insync.replicas: Not a number of type INT'],
      [topicTable, 'max.decompressed.message.bytes', '0', 'Invalid value 0 for configuration max.decompressed.message.bytes: Value must be at least 1'],
      [topicTable, 'preallocate', ' TRUE ', true],
      [topicTable, 'preallocate', 'yes', 'Invalid value yes for configuration preallocate: Expected value to be either true or false'],
      [topicTable, 'cleanup.policy', 'compact , delete', ['compact', 'delete']],
      [topicTable, 'cleanup.policy', '', []],
      [topicTable, 'cleanup.policy', 'delete,delete', ['delete']],
      [topicTable, 'cleanup.policy', 'bad', 'Invalid value bad for configuration cleanup.policy: String must be one of: compact, delete'],
      [topicTable, 'cleanup.policy', 'delete,', 'Configuration \'cleanup.policy\' values must not be empty.'],
      [topicTable, 'compression.type', ' gzip ', 'gzip'],
      [topicTable, 'compression.type', 'none', 'Invalid value none for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer'],
      [topicTable, 'compression.gzip.level', '-1', -1],
      [topicTable, 'compression.gzip.level', '0', 'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1'],
      [topicTable, 'min.cleanable.dirty.ratio', '1e-1', 0.1],
      [topicTable, 'min.cleanable.dirty.ratio', '.5d', 0.5],
      [topicTable, 'min.cleanable.dirty.ratio', '1.5', 'Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1'],
      [topicTable, 'min.cleanable.dirty.ratio', '-1', 'Invalid value -1.0 for configuration min.cleanable.dirty.ratio: Value must be at least 0'],
      [topicTable, 'min.cleanable.dirty.ratio', 'x', 'Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE'],
      [topicTable, 'leader.replication.throttled.replicas', '*', ['*']],
      [topicTable, 'leader.replication.throttled.replicas', '0:1,1:2', ['0:1', '1:2']],
      [topicTable, 'leader.replication.throttled.replicas', '*,0:1', 'Invalid value [*, 0:1] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal \'*\' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...'],
      [brokerTable, 'log.cleaner.io.max.bytes.per.second', '1.7976931348623157E308', Number.MAX_VALUE],
      [brokerTable, 'process.roles', 'broker,foo', 'Invalid value foo for configuration process.roles: String must be one of: broker, controller'],
      [brokerTable, 'process.roles', '', 'Configuration \'process.roles\' must not be empty. Valid values include: [broker, controller]'],
      [brokerTable, 'log.dirs', '', 'Configuration \'log.dirs\' must not be empty. Valid values include: any non-empty value'],
      [brokerTable, 'listeners', 'A://:1,,B://:2,', 'Configuration \'listeners\' values must not be empty.'],
      [brokerTable, 'sasl.enabled.mechanisms', 'PLAIN,', 'Configuration \'sasl.enabled.mechanisms\' values must not be empty.'],
      [brokerTable, 'group.consumer.migration.policy', 'Upgrade', 'Upgrade'],
      [brokerTable, 'group.consumer.migration.policy', 'foo', 'Invalid value foo for configuration group.consumer.migration.policy: String must be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL'],
      [brokerTable, 'remote.log.metadata.manager.listener.name', '', 'Invalid value  for configuration remote.log.metadata.manager.listener.name: String must be non-empty'],
      [brokerTable, 'offsets.topic.replication.factor', '40000', 'Invalid value 40000 for configuration offsets.topic.replication.factor: Not a number of type SHORT'],
      [groupTable, 'share.auto.offset.reset', 'by_duration:P1DT2H', 'by_duration:P1DT2H'],
    ]
  for (const [table, name, text, expected] of cases) {
    const parsed = parseValue(table.get(name)!, text)
    t.same('value' in parsed ? parsed.value : parsed.problem, expected, `${name}=${text}`)
  }
  t.match(parseValue(groupTable.get('share.auto.offset.reset')!, 'by_duration:P'), { problem: /'earliest', 'latest'/ })
})

t.test('odd texts of every type, as Kafka\'s own definitions read them', async t => {
  const tables: Record<string, ReadonlyMap<string, Setting>> = {
    topic: topicTable, group: groupTable, broker: brokerTable, 'client-metrics': clientMetricsTable,
  }
  interface Asked {
    scope: string
    name: string
    cases: Array<{ text: string, value?: unknown, problem?: string }>
  }
  for (const line of readFileSync(`${root}test/golden/config-values.jsonl`, 'utf8').trimEnd().split('\n')) {
    const { scope, name, cases } = JSON.parse(line) as Asked
    const setting = tables[scope]?.get(name) as Setting
    for (const { text, value, problem } of cases) {
      const parsed = parseValue(setting, text)
      const said = 'problem' in parsed
        ? parsed
        : { value: Array.isArray(parsed.value) ? parsed.value : textOf(setting, parsed.value) }
      t.same(said, problem === undefined ? { value } : { problem }, `${name}=${JSON.stringify(text)}`)
    }
  }
})

t.test('every default of the table is itself allowed, and is shown as Kafka shows it', async t => {
  for (const table of [brokerTable, topicTable, groupTable, dynamicOnlyTable, clientMetricsTable]) {
    for (const setting of table.values()) {
      if (setting.defaultText === null || setting.defaultText === undefined) continue
      const parsed = parseValue(setting, setting.defaultText)
      if (!('value' in parsed)) t.fail(parsed.problem)
      else t.equal(textOf(setting, parsed.value), setting.defaultText, setting.name)
    }
  }
  t.equal(valueTextOf(topicTable.get('preallocate')!, ' TRUE'), 'true')
  t.equal(valueTextOf(topicTable.get('retention.ms')!, 'old nonsense'), 'old nonsense')
})

t.test('doubles are printed as Java prints them', async t => {
  const cases: Array<[number, string]> = [
    [1, '1.0'], [0, '0.0'], [0.5, '0.5'], [1e7, '1.0E7'], [1.5e-4, '1.5E-4'],
    [1.7976931348623157e308, '1.7976931348623157E308'], [Infinity, 'Infinity'], [2147483647, '2.147483647E9'],
  ]
  for (const [value, text] of cases) t.equal(doubleText(value), text)
})

t.test('a key for one listener means the setting behind it', async t => {
  const cases: Array<[key: string, meant: string | undefined]> = [
    ['num.partitions', 'num.partitions'],
    ['listener.name.internal.ssl.keystore.location', 'ssl.keystore.location'],
    ['listener.name.internal.scram-sha-256.sasl.jaas.config', 'sasl.jaas.config'],
    ['listener.name.internal.connections.max.reauth.ms', 'connections.max.reauth.ms'],
    ['listener.name.internal.nonsense', undefined],
    ['listener.name.', undefined],
    ['__proto__', undefined],
    ['super.users', 'super.users'],
    ['ottla.strict', 'ottla.strict'],
  ]
  for (const [key, meant] of cases) t.equal(settingNameOf(key), meant, key)
})
