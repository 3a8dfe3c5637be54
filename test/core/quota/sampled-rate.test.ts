/** The sampled window and the token bucket, against what Kafka's own classes measured. */
import t from 'tap'
import { RateQuota } from '../../../src/core/quota/rate-quota.ts'
import { SampledRate } from '../../../src/core/quota/sampled-rate.ts'
import { TokenBucket } from '../../../src/core/quota/token-bucket.ts'
import { linesOf } from '../../support/reference.ts'

const START_MS = 1_700_000_000_000

interface Recording {
  kind: string
  window: { samples: number, sampleMs: number }
  uses: number[][]
}

const recordings: Recording[] = []
for (const line of linesOf('golden/quota-windows.txt')) {
  const [, kind, samples, seconds] = /^(rate|bucket) (\d+) (\d+)$/.exec(line) ?? []
  if (kind !== undefined) {
    recordings.push(
      { kind, window: { samples: Number(samples), sampleMs: Number(seconds) * 1000 }, uses: [] }
    )
  } else if (line.startsWith('  ')) {
    recordings.at(-1)?.uses.push(...line.trim().split(' ').map(cell => cell.split(',').map(Number)))
  }
}

t.test('rates and what they ask clients to wait', async t => {
  const rates = recordings.filter(({ kind }) => kind === 'rate')
  t.equal(rates.length, 3)
  const quotas = [{ entity: new Map([['user', null]]), values: new Map([['producer_byte_rate', 1000]]) }]
  const client = { principal: 'User:a', clientId: '' }
  for (const { window, uses } of rates) {
    const rate = new SampledRate(window)
    const quota = new RateQuota({ key: 'producer_byte_rate', window })
    quota.load(quotas)
    let nowMs = START_MS
    for (const [index, [sinceMs = 0, value = 0, spanMs, throttleMs]] of uses.entries()) {
      nowMs += sinceMs
      rate.record(value, nowMs)
      t.equal(rate.measure(nowMs).spanMs, spanMs, `${window.samples} x ${window.sampleMs}: span of ${index}`)
      t.equal(quota.record(client, value, nowMs), throttleMs, `throttle time of ${index}`)
    }
  }
})

t.test('buckets', async t => {
  const buckets = recordings.filter(({ kind }) => kind === 'bucket')
  t.equal(buckets.length, 2)
  const PER_SECOND = 5
  for (const { window, uses } of buckets) {
    const bucket = new TokenBucket(window)
    let nowMs = START_MS
    for (const [index, [sinceMs = 0, count = 0, before, after]] of uses.entries()) {
      nowMs += sinceMs
      const there = () => Math.round(bucket.tokens(PER_SECOND, nowMs) * 1000)
      t.equal(there(), before, `${window.samples} x ${window.sampleMs}: before ${index}`)
      bucket.take(count, PER_SECOND, nowMs)
      t.equal(there(), after, `after ${index}`)
    }
  }
})

t.test('a window of one sample that has just begun spans a millisecond', async t => {
  const rate = new SampledRate({ samples: 1, sampleMs: 1000 })
  rate.record(1, 5)
  t.same(rate.measure(5), { perSecond: 1000, spanMs: 1 })
})
