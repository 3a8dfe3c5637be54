/** PushTelemetry over the wire (D24.2); its rules have tests of their own. */
import t from 'tap'
import { GetTelemetrySubscriptions } from '../../protocol/messages/71-get-telemetry-subscriptions.ts'
import { PushTelemetry } from '../../protocol/messages/72-push-telemetry.ts'
import { codecs } from '../../protocol/records/attributes.ts'
import { compress } from '../../protocol/records/compress.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { setSubscription } from '../support/telemetry.ts'

const BYTES_MAX = 100_000

t.test('PushTelemetry', async t => {
  const raw = await RawBroker.start(t, { 'telemetry.max.bytes': BYTES_MAX })
  const client = await raw.client()
  await setSubscription(raw, 'all', { metrics: '*', 'interval.ms': '100' })
  const { clientInstanceId, subscriptionId } =
    await client.request(GetTelemetrySubscriptions, 0, { clientInstanceId: ZERO_UUID })
  const push = async (change: object, after = 100) => {
    raw.clock.advance(after)
    const { errorCode, throttleTimeMs } = await client.request(PushTelemetry, 0, {
      clientInstanceId, subscriptionId, terminating: false, compressionType: 0, metrics: Buffer.from('x'), ...change,
    })
    t.equal(throttleTimeMs, 0)
    return errorCode
  }
  t.equal(await push({}, 1), 0, 'at once after the subscription')
  t.equal(await push({}, 1), 89, 'not at once again')
  t.equal(await push({ clientInstanceId: ZERO_UUID }), 42)
  t.equal(await push({ subscriptionId: subscriptionId ^ 1 }), 117)
  t.equal(await push({ compressionType: 9 }), 76)
  t.equal(await push({ metrics: Buffer.alloc(BYTES_MAX + 1) }), 118)
  t.equal(await push({ metrics: Buffer.alloc(BYTES_MAX) }), 0)
  t.equal(await push({ metrics: Buffer.alloc(0), compressionType: 4 }), 0, 'nothing is fine with any codec')
  for (const [compressionType, codec] of codecs.entries()) {
    if (codec === 'none') continue
    const packed = (bytes: number) =>
      compress({ codec, bytes: Buffer.alloc(bytes), magic: 2 } as never)
    t.equal(await push({ compressionType, metrics: packed(BYTES_MAX) }), 0, codec)
    t.equal(await push({ compressionType, metrics: packed(BYTES_MAX + 1) }), 118, 'a small bomb')
    t.equal(await push({ compressionType, metrics: Buffer.from('not what it says') }), 87, 'metrics that cannot be read')
  }
  t.equal(await push({ terminating: true }, 0), 0, 'the last one at any time')
  t.equal(await push({}), 42, 'nothing after it')
})
