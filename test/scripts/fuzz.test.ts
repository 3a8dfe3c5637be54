/**
 * A short, seeded run of both fuzzers; the long ones are `npm run fuzz` and `npm run fuzz:server`.
 */
import t from 'tap'
import { fuzzDecoder } from '../../scripts/protocol/fuzz.ts'
import { fuzzServer } from '../../scripts/broker/fuzz.ts'

t.test('nothing but DecodeError comes out of the decoder', async t => {
  const figures = fuzzDecoder(6000, 1)
  t.same(figures.failures, [])
  t.equal(figures.inputs, 6000)
  t.ok(figures.decoded > 1000 && figures.refused > 1000, 'both were tried')
})

t.test('whatever comes over sockets, the broker serves', async t => {
  const figures = await fuzzServer(1000, 1)
  t.same(figures.failures, [])
  t.ok(figures.frames >= 1000 && figures.answers > 100 && figures.closed > 10)
  t.ok(figures.healthyRounds > 30, 'a healthy client was served all the while')
  t.ok(figures.heapAfterMb < figures.heapBeforeMb + 30, 'and little is left of it')
})
