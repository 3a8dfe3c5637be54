/** ApiVersions over the wire (D1): the table that clients choose their versions from. */
import t from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { rowsOf } from '../support/reference.ts'

t.test('every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const { nodeId, clusterId } = raw.broker
  for (let version = 0; version <= 5; version++) {
    const answer = await client.request(ApiVersions, version, { clientSoftwareName: 'raw.client-1', clientSoftwareVersion: '1.2' })
    t.equal(answer.errorCode, 0, `v${version}`)
    t.same(answer.apiKeys.find(({ apiKey }) => apiKey === 0), { apiKey: 0, minVersion: 0, maxVersion: 13 }, 'KAFKA-18659')
    t.same(answer.apiKeys.find(({ apiKey }) => apiKey === 18),
      { apiKey: 18, minVersion: 0, maxVersion: 5 })
    const supported =
      answer.supportedFeatures.map(({ name, minVersion }) => [name, minVersion] as const)
    if (version < 3) t.same(supported, [])
    if (version === 3) t.ok(supported.length > 0 && supported.every(([, min]) => min > 0), 'D1.5: minimum 0 is left out below v4')
    if (version >= 4) t.ok(supported.some(([, min]) => min === 0), 'D1.5: and shown from v4')
    if (version >= 3) {
      t.ok(answer.finalizedFeatures.every(({ minVersionLevel, maxVersionLevel }) =>
        minVersionLevel === maxVersionLevel && maxVersionLevel > 0), 'D1.5: level 0 is left out')
      t.ok(answer.finalizedFeaturesEpoch >= 0n)
      t.equal(answer.zkMigrationReady, false)
    }
  }
  const ask = async (version: number, fields: object) => (await client.request(ApiVersions, version,
    { clientSoftwareName: 'a', clientSoftwareVersion: 'b', ...fields })).errorCode
  for (const name of ['', '-a', 'a-', 'a b', 'ä', '.a', 'a/']) {
    t.equal(await ask(3, { clientSoftwareName: name }), 42, `D1.2: the name ${JSON.stringify(name)}`)
    t.equal(await ask(4, { clientSoftwareVersion: name }), 42, `D1.2: the version ${JSON.stringify(name)}`)
    t.equal(await ask(2, { clientSoftwareName: name }), 0, 'which v2 has not')
  }
  t.equal(await ask(5, { clusterId, nodeId }), 0, 'D1.3: the right ones')
  t.equal(await ask(5, { clusterId, nodeId: -1 }), 42, 'D1.2: only one of them')
  t.equal(await ask(5, { clusterId: null, nodeId }), 42, 'D1.2')
  t.equal(await ask(5, { clusterId: 'other', nodeId }), 129, 'D1.3: another cluster')
  t.equal(await ask(5, { clusterId, nodeId: nodeId + 1 }), 129, 'D1.3: another node')
})

t.test('D1.1: a version from the future is answered in v0, by the key that helps', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  client.write(Buffer.from('00000011001200630000000900056e65772d780001ff', 'hex').subarray(0, 21))
  const { correlationId, body } = await client.next(ApiVersions, 0)
  t.match(body, { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 5 }] })
  t.equal(body.apiKeys.length, 1)
  t.equal(correlationId, 9)
  t.equal((await client.request(ApiVersions, 5, { clientSoftwareName: 'a', clientSoftwareVersion: 'b' })).errorCode, 0,
    'and the connection lives')
})

t.test('the table is Kafka 4.4\'s, as far as it is served', async t => {
  const advertised = new Map(rowsOf<'key' | 'advertised'>('apis-4.4.tsv')
    .map(({ key, advertised }) => [Number(key), advertised]))
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const { apiKeys } = await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
  for (const { apiKey, minVersion, maxVersion } of apiKeys) {
    t.equal(`${minVersion}-${maxVersion}`, advertised.get(apiKey), `key ${apiKey}`)
  }
})
