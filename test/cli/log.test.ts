/** The process's log: its level can be changed while it runs. */
import t from 'tap'
import { processLog } from '../../src/cli/log.ts'

t.test('KIP-412: the level is told and taken', async t => {
  const log = await processLog('warn')
  t.equal(log.level, 'warn')
  log.level = 'debug'
  t.equal(log.level, 'debug')
})
