/** What starts a broker in a container, and what those that wait for it look for. */
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startLines } from '../../src/cli/serve.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

t.test('the lines that wait strategies look for, in Kafka\'s order', async t => {
  const lines = startLines(3)
  const wanted = [
    /.*Transitioning from STARTING to RECOVERY.*/,
    /.*Transitioning from RECOVERY to RUNNING.*/, // Testcontainers for Java, Go and .NET
    /\[BrokerServer id=3\] Transition from STARTING to STARTED/,
    /.*Kafka Server started.*/, // Python, Rust
    /.*\[KafkaServer id=\d+\] started.*/, // the ZooKeeper modes
  ]
  t.equal(lines.length, wanted.length)
  for (const [index, pattern] of wanted.entries()) t.match(lines[index], pattern)
})

t.test('the scripts of the image', async t => {
  const bin = t.testdir()
  const stub = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  stub('node', 'echo "node $*" "$KAFKA_NODE_ID"')
  stub('tool', 'echo "tool $*"')
  const run = (script: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('/bin/sh', [join(root, 'container', script), ...args],
      { encoding: 'utf8', env: { PATH: `${bin}:${process.env.PATH}` } })
    return { status, said: `${stdout}${stderr}`.trim() }
  }
  t.same(run('run'), { status: 0, said: 'node /ottla/dist/src/main.js serve' })
  t.same(run('run', 'KAFKA_NODE_ID=7', 'A=b c'), { status: 0, said: 'node /ottla/dist/src/main.js serve 7' },
    'arguments are variables')
  t.match(run('run', 'serve'), { status: 1, said: /not understood: serve/ })
  t.same(run('entrypoint', 'tool', '-c', 'x'), { status: 0, said: 'tool -c x' }, 'a program runs as it is')
  t.same(run('entrypoint', 'serve', '--override', 'a=b'),
    { status: 0, said: 'node /ottla/dist/src/main.js serve --override a=b' })
})
