/** Topics that clients name: one request for each, however many ask (D2.6). */
import t from 'tap'
import { TopicCreation } from '../../src/runtime/topic-creation.ts'

t.test('two that ask at once wait for one request, and a later one asks anew', async t => {
  const waiting: Array<() => void> = []
  const controller = {
    submit: () =>
      new Promise(resolve => { waiting.push(() => { resolve({ reply: { topics: [] } }) }) }),
  }
  const creation = new TopicCreation({
    controller, image: { topics: { find: () => undefined } },
    environment: { monotonicMs: () => 0, log: () => {} },
    replicas: { settled: async () => {} }, numPartitions: 1, replicationFactor: 1, strict: false,
  } as never)
  const done: string[] = []
  const ask = async (who: string, ...names: string[]): Promise<void> => {
    await creation.createMissing(names, () => true)
    done.push(who)
  }
  const all = [ask('first', 'a', 'b'), ask('second', 'b'), ask('third', 'b', 'c')]
  t.equal(waiting.length, 2, 'one of a and b, one of c')
  waiting[1]?.()
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => { setImmediate(resolve) })
  t.same(done, [], 'the third waits for what the first asked for')
  waiting[0]?.()
  await Promise.all(all)
  t.same(done.sort(), ['first', 'second', 'third'])
  void ask('fourth', 'b')
  t.equal(waiting.length, 3)
  waiting[2]?.()
})
