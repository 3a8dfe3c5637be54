/** Quotas of mutations with rates that Kafka takes, however odd (KIP-599). */
import t from 'tap'
import { MutationQuota } from '../../../src/core/quota/mutation-quota.ts'
import type { MutationAllowance } from '../../../src/core/quota/mutation-quota.ts'

function allowance (rate: number): MutationAllowance {
  const quota = new MutationQuota({ samples: 11, sampleMs: 1000 })
  quota.load([{ entity: new Map([['client-id', 'c']]), values: new Map([['controller_mutation_rate', rate]]) }])
  return quota.allowance({ principal: 'User:ANONYMOUS', clientId: 'c' }, true, 0) as MutationAllowance
}

t.test('a rate that asks for longer than the field can say is said with the most that it holds', async t => {
  const some = allowance(1e-9)
  t.ok(some.admit(1, 0))
  t.notOk(some.admit(1, 1), 'the first one is still owed')
  t.equal(some.throttleMs(1), 2 ** 31 - 1)
})

t.test('no number and no end limit nothing', async t => {
  for (const rate of [NaN, Infinity]) {
    const some = allowance(rate)
    for (let nowMs = 0; nowMs < 5; nowMs++) t.ok(some.admit(1000, nowMs), String(rate))
    t.equal(some.throttleMs(5), 0)
  }
})
