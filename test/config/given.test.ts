/** Texts as people and compose files give them: empty, padded, quoted. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { levelOf } from '../../src/cli/log.ts'
import { ConfigError, loadSettings } from '../../src/config/config.ts'
import { meantValue } from '../../src/config/given.ts'
import { meant } from '../../src/config/meant.ts'
import { parseProperties, propertiesText } from '../../src/config/properties.ts'
import type { Sources } from '../../src/config/sources.ts'
import { brokerTable } from '../../src/config/table.ts'
import { DataDirectoryError, startBroker } from '../../src/index.ts'

t.test('blanks and one pair of quotes go, and what is empty is unset', async t => {
  const cases: Array<[given: string | undefined, meant: string | undefined]> = [
    [undefined, undefined], ['', undefined], [' \t\n', undefined], ['\u00a0', undefined], ['""', undefined], ['" "', undefined],
    ['\'\'', undefined], ['x', 'x'], [' x ', 'x'], ['"x"', 'x'], ['\'x\'', 'x'], [' " x " ', 'x'], ['\u00a0x', 'x'],
    ['"x', '"x'], ['x"', 'x"'], ['"x\'', '"x\''], ['""x""', '"x"'], ['a "b" c', 'a "b" c'], ['"', '"'],
  ]
  for (const [given, expected] of cases) t.equal(meant(given), expected, JSON.stringify(given))
})

t.test('every setting, in whatever way it comes: an empty one is as good as none', async t => {
  const directory = t.testdir({})
  const configFile = join(directory, 'server.properties')
  const usual = loadSettings({})
  const ways = (name: string, text: string): Sources[] => {
    writeFileSync(configFile, `${name}=${text}\n`)
    return [
      { configFile },
      { environment: { [`KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`]: text } },
      { overrides: [`${name}=${text}`] },
    ]
  }
  for (const name of brokerTable.keys()) {
    for (const text of ['', '  ', '""']) {
      if (text === '""' && brokerTable.get(name)?.type === 'password') continue
      for (const sources of ways(name, text)) {
        const settings = loadSettings(sources)
        const expected = name === 'ssl.endpoint.identification.algorithm' ? '' : usual.get(name as 'node.id')
        t.same(settings.get(name as 'node.id'), expected, `${name}=${text} by ${Object.keys(sources).join()}`)
      }
    }
  }
  for (const sources of ways('num.partitions', ' "7" ')) t.equal(loadSettings(sources).get('num.partitions'), 7)
  writeFileSync(configFile, 'num.partitions=7\n')
  t.equal(loadSettings({ configFile, environment: { KAFKA_NUM_PARTITIONS: '' }, overrides: ['num.partitions=', ''] })
    .get('num.partitions'), 7, 'it leaves the sources before it alone')
})

t.test('addresses may end in a comma, passwords may have blanks and quotes', async t => {
  t.equal(meantValue('listeners', '"A://:1, ,B://:2,"'), 'A://:1,B://:2')
  t.equal(meantValue('listeners', ','), undefined)
  t.equal(meantValue('ssl.key.password', ' "x" '), ' "x" ')
  t.equal(meantValue('listener.name.a.sasl.jaas.config', '"x"'), '"x"')
  t.equal(meantValue('no.such.setting', ' "x" '), 'x')
})

t.test('LOG_LEVEL', async t => {
  for (const text of [undefined, '', ' ', '""', 'info', ' INFO', '"info"']) t.equal(levelOf(text), 'info', JSON.stringify(text))
  t.equal(levelOf('Debug'), 'debug')
  for (const text of ['warning', 'trace', 'silent', '__proto__']) {
    t.throws(() => levelOf(text), new ConfigError(`LOG_LEVEL=${text}: it must be one of debug, info, warn, error`))
  }
})

t.test('the library: options without content are unset', async t => {
  const broker = await startBroker({
    dataDirectory: ' ', clusterId: '"abc" ', settings: { 'num.partitions': '' as never, listeners: [], 'broker.rack': null },
  })
  t.teardown(() => broker.stop())
  t.equal(broker.clusterId, 'abc')
  t.not(broker.port, 9092)
  await t.rejects(startBroker({ clusterId: 'a\u0007' }), DataDirectoryError)
})

t.test('what is written as properties is read as it was', async t => {
  const texts = ['a', 'a=b', ' a', '  a b ', 'a\\b', '#a', '!', 'ä', '\u{1F600}', 'a\nb\tc\r\f', 'a:b', '\\u0041', '\\']
  for (const text of texts) {
    t.same([...parseProperties(propertiesText([['x', '1'], [text, text], ['y', '2']]))],
      [['x', '1'], [text, text], ['y', '2']], JSON.stringify(text))
  }
})
