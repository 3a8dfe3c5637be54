/** GetTelemetrySubscriptions over the wire (D24.1); its rules have tests of their own. */
import t from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { GetTelemetrySubscriptions } from '../../protocol/messages/71-get-telemetry-subscriptions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Connection } from '../../src/server/connection.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { setSubscription } from '../support/telemetry.ts'

const VERSIONS = { clientSoftwareName: 'soft', clientSoftwareVersion: '1.2' }

t.test('GetTelemetrySubscriptions', async t => {
  const raw = await RawBroker.start(t, { 'telemetry.max.bytes': 4321 })
  const client = await raw.client()
  const get = (clientInstanceId: string, asker: RawClient = client, clientId = 'raw') =>
    asker.request(GetTelemetrySubscriptions, 0, { clientInstanceId }, { clientId })
  const versions = await client.request(ApiVersions, 3, VERSIONS)
  t.notOk(versions.apiKeys.some(({ apiKey }) => apiKey === 71 || apiKey === 72), 'D1.4: without an exporter not listed')
  const first = await get(ZERO_UUID)
  t.match(first, {
    throttleTimeMs: 0,
    errorCode: 0,
    acceptedCompressionTypes: [4, 3, 1, 2],
    pushIntervalMs: 300_000,
    telemetryMaxBytes: 4321,
    deltaTemporality: true,
    requestedMetrics: [],
  })
  const id = first.clientInstanceId
  t.not(id, ZERO_UUID)
  t.same(await get(id), {
    throttleTimeMs: 0,
    errorCode: 89,
    clientInstanceId: ZERO_UUID,
    subscriptionId: 0,
    acceptedCompressionTypes: [],
    pushIntervalMs: 0,
    telemetryMaxBytes: 0,
    deltaTemporality: false,
    requestedMetrics: [],
  }, 'too soon')
  raw.clock.advance(300_000)
  t.match(await get(id),
    { errorCode: 0, clientInstanceId: id, subscriptionId: first.subscriptionId })
  const [connection] = [...raw.listener.connections] as [Connection]
  const { remoteAddress, remotePort } = connection
  await setSubscription(raw, 'mine', {
    metrics: 'org.apache.kafka.producer.,b',
    'interval.ms': '100',
    match: `client_id=ra.,client_software_name=soft,client_software_version=1\\.2,client_source_address=${remoteAddress},` +
      `client_source_port=${remotePort},client_instance_id=${id}`,
  })
  const changed = await get(id)
  t.match(changed, { errorCode: 0, pushIntervalMs: 100, requestedMetrics: ['b', 'org.apache.kafka.producer.'] })
  t.not(changed.subscriptionId, first.subscriptionId)
  const other = await raw.client()
  t.same((await get(ZERO_UUID, other, 'raw')).requestedMetrics, [], 'another client')
  await setSubscription(raw, 'nameless', { metrics: 'c', match: 'client_software_name=unknown,client_id=()' })
  t.same((await get(ZERO_UUID, other, '')).requestedMetrics, ['c'], 'who never said what it is')
  t.equal((await get(id)).errorCode, 0, 'any change lets all ask again')
  t.equal((await get(id)).errorCode, 89)
  await setSubscription(raw, 'nameless', { metrics: null, match: null })
  t.equal((await get(id)).errorCode, 0)
  const gone = new Promise<void>(resolve => { connection.onClose(resolve) })
  client.end()
  await gone
  t.equal((await get(id, other)).errorCode, 0, 'D24.3: gone with its connection')
})
