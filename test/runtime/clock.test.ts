/** Somebody sets the wall clock by an hour, either way: nothing fires, nothing hangs. */
import t from 'tap'
import type { Test } from 'tap'
import { GetTelemetrySubscriptions } from '../../protocol/messages/71-get-telemetry-subscriptions.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { batchOf, fetchAll, produceBody } from '../support/producing.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { setQuota } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { setSubscription } from '../support/telemetry.ts'
import { throttled } from '../support/throttling.ts'

const HOUR_MS = 3_600_000
const SESSION_MS = 10_000
const GONE = 25

/** What was asked for meanwhile has been done. */
async function turns (): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

async function pass (raw: RawBroker, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    raw.clock.advance(Math.min(500, ms - passed))
    await turns()
  }
}

async function afterSetting (t: Test, byMs: number): Promise<void> {
  const raw = await RawBroker.start(t, {
    'max.incremental.fetch.session.cache.slots': 1, 'broker.session.timeout.ms': 9_000,
  })
  await raw.topic('topic')
  const admin = await raw.client()
  const position = [{ topic: 'topic', fetchOffset: 0n }]
  const session = await fetchAll(admin, position, { sessionEpoch: 0 })
  t.ok(session.sessionId > 0)
  const member = await groupClient(raw)
  const { memberId, generationId } = await joinAlone(raw, member, 'group', 3, { sessionTimeoutMs: SESSION_MS })
  const heartbeat = () => member.request(Heartbeat, 3, { groupId: 'group', generationId, memberId })
  t.equal((await heartbeat()).errorCode, 0)
  await setSubscription(raw, 'all', { metrics: 'org', 'interval.ms': '60000' })
  const ask = (clientInstanceId: string) =>
    admin.request(GetTelemetrySubscriptions, 0, { clientInstanceId })
  const { clientInstanceId } = await ask(ZERO_UUID)
  await setQuota(admin, { 'client-id': 'limited' }, { producer_byte_rate: 1000 })
  const limited = await raw.client()
  const body = produceBody('topic', batchOf(['x'.repeat(12_000)])) as never
  const { throttleTimeMs } = await limited.request(Produce, 9, body, { clientId: 'limited' })
  const waiting = await raw.client()
  let isAnswered = false
  const fetched = fetchAll(waiting, [{ topic: 'topic', fetchOffset: 1n }], { maxWaitMs: 400, minBytes: 1_000_000 })
  void fetched.then(() => { isAnswered = true })
  await turns()
  const before = raw.broker.quorum.leader
  raw.clock.set(byMs)
  raw.clock.advance(1)
  await turns()
  t.notOk(isAnswered, 'a Fetch waits on')
  t.equal((await heartbeat()).errorCode, 0, 'a member stays')
  t.equal((await fetchAll(admin, position, { sessionEpoch: 0 })).sessionId, 0, 'D6.7: no session makes room for another')
  t.equal((await ask(clientInstanceId)).errorCode, 89, 'D24.1: asked too soon is too soon')
  await throttled(t, raw, limited, throttleTimeMs - 1)
  t.ok(throttleTimeMs > 400)
  await fetched
  t.equal((await heartbeat()).errorCode, 0)
  await pass(raw, SESSION_MS - 1000)
  t.equal((await heartbeat()).errorCode, 0, 'a member has all of its time')
  await pass(raw, SESSION_MS + 1000)
  t.equal((await heartbeat()).errorCode, GONE, 'and no more than that')
  await pass(raw, 60_000)
  t.equal((await ask(clientInstanceId)).errorCode, 0, 'then it is due')
  t.match(await fetchAll(await raw.client(), position, { sessionEpoch: 0 }), { errorCode: 0 })
  t.same(raw.broker.quorum.leader, before, 'the quorum leads in the same epoch')
  t.equal(raw.broker.metadata.brokers.get(raw.broker.nodeId)?.fenced, false, '2.5.4: the broker keeps its session')
}

t.test('the clock is set an hour forward', t => afterSetting(t, HOUR_MS))
t.test('the clock is set an hour back', t => afterSetting(t, -HOUR_MS))
