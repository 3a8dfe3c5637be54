/** ListConfigResources over the wire (D13.20). */
import t from 'tap'
import { ListConfigResources } from '../../protocol/messages/74-list-config-resources.ts'
import { configEntry } from '../../src/core/metadata/configs.ts'
import { listConfigResources as handler } from '../../src/apis/74-list-config-resources.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { registerFenced } from '../support/second-broker.ts'

t.test('what can be configured', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const name of ['b', 'a']) await raw.topic(name)
  await registerFenced(raw, 2)
  await raw.broker.controller.submit(() => ({
    records: [configEntry(32, 'g', 'consumer.session.timeout.ms', '50000'), configEntry(16, 'm', 'metrics', 'x')],
    reply: undefined,
  }))
  const ask = async (version: number, resourceTypes: number[] = []) => {
    const body = version === 0 ? {} : { resourceTypes }
    const { errorCode, configResources } = await client.request(ListConfigResources, version, body)
    return [errorCode, ...configResources.map(({ resourceType, resourceName }) => `${resourceType}:${resourceName}`)]
  }
  t.same(await ask(0), [0, '16:m'], 'v0: client metrics only')
  t.same(await ask(1), [0, '32:g', '16:m', '8:1', '8:2', '4:1', '4:2', '2:b', '2:a'],
    'v1: every type, fenced brokers too, and topics with nothing stored')
  t.same(await ask(1, [2, 32, 2]), [0, '32:g', '2:b', '2:a'])
  t.same(await ask(1, [4]), [0, '4:1', '4:2'])
  t.same(await ask(1, [2, 7]), [35], 'UNSUPPORTED_VERSION')
  t.same(await ask(1, [0]), [35])
})

t.test('no right to', async t => {
  const call = { version: 1, session: {} } as never
  const body = { resourceTypes: [] } as never
  const denied = { access: { allows: () => false } } as never
  t.same(await handler.handle(body, call, denied), { errorCode: 31, configResources: [] })
  t.same(handler.failed?.(body, { errorCode: 7 } as never, call), { errorCode: 7, configResources: [] }, 'D0.2')
})
