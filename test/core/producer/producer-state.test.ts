/**
 * What a partition knows of its producers: verdicts by D5.26-30, and where open transactions begin.
 */
import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { judge, ProducerState } from '../../../src/core/producer/producer-state.ts'
import type { ProducedBatch, Verdict } from '../../../src/core/producer/producer-state.ts'
import { Random } from '../../simulation/random.ts'

const LAST_SEQUENCE = 2 ** 31 - 1

function batch (
  producerId: number, producerEpoch: number, first: number, baseOffset: number,
  more: Partial<ProducedBatch> = {}
): ProducedBatch {
  const lastSequence = first + 1 > LAST_SEQUENCE ? 0 : first + 1
  return {
    producerId: BigInt(producerId),
    producerEpoch,
    firstSequence: first,
    lastSequence,
    baseOffset: BigInt(baseOffset),
    lastOffset: BigInt(baseOffset + 1),
    maxTimestamp: 1000n,
    isTransactional: false,
    ...more,
  }
}

function said (verdict: Verdict): string | number {
  return verdict.kind === 'error' ? verdict.errorCode : verdict.kind
}

t.test('D5.26-30: what may follow what', async t => {
  const cases: ReadonlyArray<[string, ProducedBatch[], ProducedBatch, string | number]> = [
    ['an unknown producer begins anywhere', [], batch(1, 3, 70, 0), 'append'],
    ['the next sequence', [batch(1, 0, 0, 0)], batch(1, 0, 2, 2), 'append'],
    ['a gap', [batch(1, 0, 0, 0)], batch(1, 0, 3, 2), code.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['a step back that is no duplicate', [batch(1, 0, 0, 0), batch(1, 0, 2, 2)], batch(1, 0, 1, 4),
      code.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['the same again', [batch(1, 0, 0, 0)], batch(1, 0, 0, 2), 'duplicate'],
    ['the first of five again', [0, 2, 4, 6, 8].map(at => batch(1, 0, at, at)), batch(1, 0, 0, 10), 'duplicate'],
    ['the first of six again', [0, 2, 4, 6, 8, 10].map(at => batch(1, 0, at, at)), batch(1, 0, 0, 12),
      code.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['an older epoch', [batch(1, 5, 0, 0)], batch(1, 4, 2, 2), code.INVALID_PRODUCER_EPOCH],
    ['a newer epoch from 0', [batch(1, 5, 0, 0)], batch(1, 6, 0, 2), 'append'],
    ['a newer epoch from elsewhere', [batch(1, 5, 0, 0)], batch(1, 6, 2, 2), code.OUT_OF_ORDER_SEQUENCE_NUMBER],
    ['after an epoch of none any sequence', [batch(1, -1, 0, 0)], batch(1, 0, 77, 2), 'append'],
    ['sequences begin again', [batch(1, 0, LAST_SEQUENCE - 1, 0)], batch(1, 0, 0, 2), 'append'],
    ['a plain write into an open transaction', [batch(1, 0, 0, 0, { isTransactional: true })], batch(1, 0, 2, 2),
      code.INVALID_TXN_STATE],
    ['a transactional stranger must begin at 0', [], batch(1, 0, 5, 0, { isTransactional: true }),
      code.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ]
  for (const [name, history, next, expected] of cases) {
    const state = new ProducerState()
    for (const each of history) state.replay(each)
    t.equal(said(judge(state.find(1n), next, 12)), expected, name)
  }
})

t.test('the first open transaction is that of a walk over all producers, whatever came before', async t => {
  const random = new Random(7)
  let state = new ProducerState()
  for (let offset = 0; offset < 4000; offset += 2) {
    const producerId = random.int(20)
    if (random.chance(0.4)) {
      state.replayEnd({
        producerId: BigInt(producerId),
        producerEpoch: 0,
        coordinatorEpoch: 0,
        committed: true,
        offset: BigInt(offset),
        timestamp: 1n,
      })
    } else state.replay(
      batch(producerId, 0, offset, offset, { isTransactional: random.chance(0.7) })
    )
    // As a checkpoint gives it back, in any order.
    if (random.chance(0.05)) state = new ProducerState([...state.entries].reverse())
    const open =
      [...state.entries].flatMap(({ transactionFirstOffset }) => transactionFirstOffset ?? [])
    const walked = open.sort((one, other) => one < other ? -1 : 1)[0]
    if (state.firstOpenOffset !== walked) t.fail(`after offset ${offset}: ${state.firstOpenOffset}, not ${walked}`)
  }
  t.pass()
})

t.test('D25.10: who was silent for long is forgotten, but never an open transaction', async t => {
  const state = new ProducerState()
  state.replay(batch(1, 0, 0, 0))
  state.replay(batch(2, 0, 0, 2, { isTransactional: true }))
  state.replay(batch(3, 0, 0, 4, { maxTimestamp: 1001n }))
  state.expire(2000, 1000)
  t.same([...state.entries].map(({ producerId }) => producerId), [2n, 3n])
})
