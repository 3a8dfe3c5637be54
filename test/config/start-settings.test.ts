/**
 * Settings that a broker obeys once, when it starts: shown on brokers with sockets and directories.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { startBroker } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'

t.test('listeners, listener.security.protocol.map', async t => {
  const broker = await startBroker({
    settings: {
      listeners: ['INSIDE://127.0.0.1:0', 'OUTSIDE://127.0.0.1:0'],
      'listener.security.protocol.map': 'INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    },
  })
  t.teardown(() => broker.stop())
  t.same(broker.listeners.map(({ name }) => name), ['INSIDE', 'OUTSIDE'])
  for (const { port } of broker.listeners) {
    const client = await RawClient.connect(port)
    t.match((await client.request(Metadata, 1, { topics: [] })).brokers, [{ host: '127.0.0.1', port }])
    client.end()
  }
})

t.test('log.dir, log.dirs, node.id', async t => {
  const root = t.testdir()
  for (const [name, nodeId] of [['log.dir', 7], ['log.dirs', 8]] as const) {
    const directory = join(root, name)
    const broker = await startBroker({
      sources: { overrides: [`${name}=${directory}`, `node.id=${nodeId}`, 'listeners=PLAINTEXT://127.0.0.1:0'] },
    })
    t.equal(broker.nodeId, nodeId)
    await broker.stop()
    t.match(readFileSync(join(directory, 'ottla.properties'), 'utf8'), new RegExp(`node\\.id=${nodeId}\n`))
  }
})
