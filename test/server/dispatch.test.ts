/**
 * From a frame to a handler and back: headers, versions, tags, and what escapes a handler (D0.1-4).
 */
import t from 'tap'
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import { code, errorText, KafkaError } from '../../protocol/errors.ts'
import { requestFrame } from '../../protocol/frame.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import type { Broker } from '../../src/apis/broker.ts'
import { ClientQuotas } from '../../src/core/quota/client-quotas.ts'
import { handlers } from '../../src/apis/index.ts'
import { Close, handler, NO_ANSWER } from '../../src/apis/handler.ts'
import type { Call, Handler } from '../../src/apis/handler.ts'
import { CloseConnection, createDispatch, RequestFailure } from '../../src/server/dispatch.ts'
import type { Dispatch, Reply } from '../../src/server/dispatch.ts'
import { readAnswer } from '../support/raw-client.ts'

const session = { id: 1 } as never
const window = { samples: 11, sampleMs: 1000 }
const broker =
  { quotas: new ClientQuotas({ clients: window, controller: window }) } as Partial<Broker> as Broker

function dispatchOf (...list: unknown[]): Dispatch {
  return createDispatch(list as Handler[], broker)
}

function bytesOf (reply: Reply): Buffer { return wholeOf(reply.chunks).subarray(4) }

/** A heartbeat whose handler does this. */
function heartbeat (handle: (call: Call, request: any) => any, options: object = {}) {
  return dispatchOf(
    handler(Heartbeat, { versions: [0, 4], ...options }, (request, call) => handle(call, request))
  )
}

const BODY = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: 'i' }

function frame (version: number, clientId: string | null = 'client'): Buffer {
  return Buffer.concat(requestFrame(Heartbeat, version, 77, clientId, BODY)).subarray(4)
}

t.test('the request as the handler sees it', async t => {
  for (const version of [0, 2, 3, 4]) {
    for (const clientId of ['client', '', null, 'ä€']) {
      const seen: unknown[] = []
      const dispatch = heartbeat((call, request) => {
        seen.push(call.version, call.clientId, request.groupId, request.generationId,
          request.groupInstanceId)
        return { errorCode: 27 }
      })
      const reply = await dispatch.run(frame(version, clientId), session)
      t.same(seen, [version, clientId, 'g', 3, version >= 3 ? 'i' : null], `v${version}, client id ${clientId}`)
      t.same(readAnswer(Heartbeat, version, bytesOf(reply)),
        { correlationId: 77, body: { throttleTimeMs: 0, errorCode: 27 } })
    }
  }
})

t.test('tags that nobody knows are passed over, in the header and in the body', async t => {
  // v4 is flexible: the header ends with a tag section, and so does the body.
  const plain = frame(4)
  const headerEnd = 8 + 2 + 'client'.length
  t.equal(plain[headerEnd], 0)
  t.equal(plain.at(-1), 0)
  const tags = Buffer.from([2, 100, 3, 1, 2, 3, 101, 0])
  const tagged =
    Buffer.concat([plain.subarray(0, headerEnd), tags, plain.subarray(headerEnd + 1, -1), tags])
  const reply = await heartbeat((_call, { memberId }) => ({ errorCode: memberId === 'm' ? 0 : 42 })).run(tagged, session)
  t.equal(readAnswer(Heartbeat, 4, bytesOf(reply)).body.errorCode, 0)
})

t.test('D0.1: what closes', async t => {
  const dispatch = heartbeat(() => ({ errorCode: 0 }), { versions: [1, 3] })
  const cases: Array<[string, Buffer]> = [
    ['nothing', Buffer.alloc(0)],
    ['less than a header', frame(1).subarray(0, 7)],
    ['an API that is not served', Buffer.from('03e70000000000010000', 'hex')],
    ['a negative API', Buffer.from('ffff0000000000010000', 'hex')],
    ['a version below', frame(0)],
    ['a version above', frame(4)],
    ['a negative version', Buffer.from('000cffff000000010000', 'hex')],
    ['a client id that ends too late', Buffer.from('000c000100000001000561', 'hex')],
    ['a body that ends too early', frame(1).subarray(0, -1)],
  ]
  for (const [name, bytes] of cases) {
    t.throws(() => dispatch.run(bytes, session), CloseConnection, name)
  }
  t.throws(() => heartbeat(() => new Close('X for t-0')).run(frame(1), session),
    { name: 'CloseConnection', message: 'Heartbeat v1 failed without an answer: X for t-0' }, 'a handler that says so, and why')
  await t.rejects(heartbeat(async () => new Close('why')).run(frame(1), session) as Promise<unknown>, CloseConnection)
  const cut = frame(3)
  for (let size = 0; size < cut.length; size++) {
    t.throws(() => dispatch.run(cut.subarray(0, size), session), CloseConnection, `cut after ${size} bytes`)
  }
})

t.test('what is not served is named in the reason, with who asked', async t => {
  const dispatch = heartbeat(() => ({ errorCode: 0 }), { versions: [1, 3] })
  const header = (key: number, version: number, clientId: string): Buffer => {
    const bytes = Buffer.alloc(11)
    bytes.writeInt16BE(key, 0)
    bytes.writeInt16BE(version, 2)
    bytes.writeInt16BE(Buffer.byteLength(clientId), 8)
    return Buffer.concat([bytes.subarray(0, 10), Buffer.from(clientId), Buffer.alloc(1)])
  }
  const long = 'c'.repeat(500)
  const cases: Array<[Buffer, string]> = [
    [header(24, 5, 'billing'), 'AddPartitionsToTxn (API key 24) v5 of client "billing" is not served'],
    [header(68, 0, 'a"\n'), 'ConsumerGroupHeartbeat (API key 68) v0 of client "a\\"\\n" is not served'],
    [header(68, 0, long), `ConsumerGroupHeartbeat (API key 68) v0 of client "${long.slice(0, 100)}" is not served`],
    [header(999, 7, 'x'), 'API key 999 v7 is not served'],
    [header(12, 4, 'x'), 'Heartbeat (API key 12) v4 of client "x" is not served; v1 to v3 are'],
    [header(24, 5, 'billing').subarray(0, 12), 'AddPartitionsToTxn (API key 24) v5 is not served'],
  ]
  for (const [bytes, message] of cases) t.throws(() => dispatch.run(bytes, session), { name: 'CloseConnection', message })
})

t.test('R-X5: nobody looks at bytes behind the body', async t => {
  const reply = await heartbeat(() => ({ errorCode: 27 })).run(
    Buffer.concat([frame(1), Buffer.alloc(3)]), session
  )
  t.equal(readAnswer(Heartbeat, 1, bytesOf(reply)).body.errorCode, 27)
})

t.test('D1.1: an unknown version of ApiVersions is answered in v0, and its body is not read', async t => {
  const dispatch = createDispatch(handlers, broker)
  // The header is read in the form that its version would have, so one below 0 has no tags in it.
  for (const [version, tags] of [[6, '00'], [7, '00'], [100, '00'], [32767, '00'], [-1, '']] as const) {
    const bytes = Buffer.from(`00120000${'0000004dffff'}${tags}ffffff`, 'hex')
    bytes.writeInt16BE(version, 2)
    const reply = await dispatch.run(bytes, session)
    const { correlationId, body } = readAnswer(ApiVersions, 0, bytesOf(reply))
    t.equal(body.errorCode, 35)
    t.same(body.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 5 }])
    t.equal(correlationId, 77)
    t.throws(() => dispatch.run(bytes.subarray(0, 9), session), CloseConnection, 'a header that ends too early')
  }
})

t.test('no answer', async t => {
  let released = 0
  const dispatch = heartbeat(call => {
    call.onSent(() => { released++ })
    return NO_ANSWER
  })
  const reply = await dispatch.run(frame(1), session)
  t.equal(reply.chunks.length, 0)
  for (const run of reply.release) run()
  t.equal(released, 1)
})

t.test('D0.2-4: what escapes a handler', async t => {
  const told: Array<string | null> = []
  const failed = (_request: unknown, { errorCode, text }: KafkaError) => {
    told.push(text)
    return { errorCode }
  }
  const bug = new Error('a bug')
  for (const isLate of [false, true]) {
    const raise = (error: Error) => (call: Call): unknown => {
      call.onSent(() => { released++ })
      if (isLate) return Promise.reject(error)
      throw error
    }
    let released = 0
    const answered = await heartbeat(raise(bug), { failed }).run(frame(4), session)
    t.equal(readAnswer(Heartbeat, 4, bytesOf(answered)).body.errorCode, code.UNKNOWN_SERVER_ERROR)
    t.match(answered.failure, { cause: bug, message: 'Heartbeat v4 failed: a bug' }, 'the log is told which request')
    t.equal(released, 1, 'what was read for the answer is let go of')
    const foreseen = await heartbeat(raise(new KafkaError(15)), { failed }).run(frame(4), session)
    t.equal(readAnswer(Heartbeat, 4, bytesOf(foreseen)).body.errorCode, 15)
    t.equal(foreseen.failure, undefined, 'an error code is no bug')
    const run = async () => heartbeat(raise(bug)).run(frame(4), session)
    await t.rejects(run(), RequestFailure, 'without an error answer the connection closes')
  }
  const unwritable =
    await heartbeat(() => ({ errorCode: 99_999 }), { failed }).run(frame(4), session)
  t.equal(readAnswer(Heartbeat, 4, bytesOf(unwritable)).body.errorCode, -1, 'an answer that cannot be written')
  t.same(told, [null, errorText(15), null, errorText(15), null], 'D0.3: nobody is told the text of a bug')
})

t.test('a string too long to be answered is no bug', async t => {
  const name = '\u{fffd}'.repeat(20_000)
  const failed = (_request: unknown, { errorCode }: KafkaError) => ({ errorCode })
  const list = (options: object) => dispatchOf(handler(ListGroups, { versions: [0, 5], ...options },
    () => ({ groups: [{ groupId: name, protocolType: '' }] })))
  const bytes = Buffer.concat(requestFrame(ListGroups, 3, 5, 'c', {})).subarray(4)
  const answered = await list({ failed }).run(bytes, session)
  t.equal(readAnswer(ListGroups, 3, bytesOf(answered)).body.errorCode, code.UNKNOWN_SERVER_ERROR)
  t.equal(answered.failure, undefined)
  const named = () => ({ errorCode: -1, groups: [{ groupId: name, protocolType: '' }] })
  for (const options of [{}, { failed: named }]) {
    t.throws(() => list(options).run(bytes, session),
      { name: 'CloseConnection', message: /^ListGroups v3.*a string of 60000 bytes; 32767 is the most/ })
  }
})

const KEYS = new Set([0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 60])

t.test('the data path, groups and topics have Kafka\'s error answer, in every version', async t => {
  for (const { api, versions: [from, to], failed } of handlers.filter(
    ({ api }) => KEYS.has(api.key)
  )) {
    if (failed === undefined) {
      t.fail(`${api.name} has no error answer`)
      continue
    }
    for (let version = from; version <= to; version++) {
      const request = requestFor(api.name)
      const dispatch = dispatchOf(
        handler(api, { versions: [from, to], failed }, () => { throw new KafkaError(7) })
      )
      const bytes = Buffer.concat(requestFrame(api, version, 5, 'c', request as never)).subarray(4)
      const answer = readAnswer(api, version, bytesOf(await dispatch.run(bytes, session)))
      t.match(JSON.stringify(answer.body, (_key, value) => typeof value === 'bigint' ? String(value) : value),
        /"errorCode":7/, `${api.name} v${version}`)
    }
  }
})

/** A request of one element, with whatever else these APIs must have. */
function requestFor (name: string): object {
  const partition = {
    index: 0, partition: 0, partitionIndex: 0, records: Buffer.alloc(0), fetchOffset: 0n,
    partitionMaxBytes: 1,
    timestamp: 0n, committedOffset: 0n, committedMetadata: '',
  }
  const topic = {
    name: 't', topic: 't', topicId: 'QQQQQQQQQQQQQQQQQQQQQQ', partitionData: [partition], partitions: [partition],
    partitionIndexes: [0], numPartitions: 1, replicationFactor: 1, assignments: [], configs: [],
  }
  const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics: [topic] }
  return {
    transactionalId: null, acks: -1, timeoutMs: 0, topicData: [topic], topics: [topic], topicNames: ['t'], replicaId: -1,
    maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolationLevel: 0, sessionId: 0, sessionEpoch: -1,
    forgottenTopicsData: [],
    rackId: '', allowAutoTopicCreation: false, groupId: 'g', memberId: '', generationId: 0, key: 'k', coordinatorKeys: ['k'],
    sessionTimeoutMs: 0, protocolType: '', protocols: [], members: [], assignments: [], statesFilter: [], typesFilter: [],
    groups: name === 'OffsetFetch' ? [group] : ['g'], clientSoftwareName: 'a', clientSoftwareVersion: 'b', validateOnly: false,
    transactionTimeoutMs: 0, includeClusterAuthorizedOperations: false, includeFencedBrokers: false,
    requireStable: false,
    includeAuthorizedOperations: false, includeTopicAuthorizedOperations: false, protocolName: '',
  }
}

t.test('isPipelined looks at the key alone', async t => {
  const dispatch = createDispatch(handlers, broker)
  t.equal(dispatch.isPipelined(Buffer.from('0000ffff', 'hex')), true)
  t.equal(dispatch.isPipelined(Buffer.from('0001', 'hex')), false)
  t.equal(dispatch.isPipelined(Buffer.alloc(1)), false)
  t.equal(ListGroups.key, 16)
})
