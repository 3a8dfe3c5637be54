/** The command line as a whole: help, usage, exit codes, completion, and the real program. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { defineAll } from '../../src/cli/commands.ts'
import { candidates, namesOfBroker } from '../../src/cli/completion.ts'
import type { Names } from '../../src/cli/completion.ts'
import { duration, moment } from '../../src/cli/parse.ts'
import { jsonOf } from '../../src/cli/output.ts'
import { program } from '../../src/cli/program.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { visible } from '../../src/cli/visible.ts'
import { startBroker } from '../../src/index.ts'
import { runCommand } from '../support/command.ts'
import { runProgram } from '../support/program.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

// What this machine has set must not decide.
delete process.env.OTTLA_BOOTSTRAP_SERVER

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

t.test('what others have named obeys nobody', async t => {
  t.equal(visible('plain, ünïcode, 日本'), 'plain, ünïcode, 日本')
  t.equal(visible('\u001b[2J\n\r\t\u0000\u007f\u009b\u202e'), '\\x1b[2J\\n\\r\\t\\x00\\x7f\\x9b\\u202e')
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const ask = (line: string[]) => runCommand([...line, '-b', broker.bootstrapServers])
  await ask(['topics', 'create', 'a'])
  await ask(['groups', 'reset-offsets', 'evil\u001b]0;title\u0007', '--topic', 'a', '--to-offset', '0', '--execute'])
  const shown = await ask(['groups', 'list'])
  t.match(shown.output, 'evil\\x1b]0;title\\x07')
  t.notMatch(shown.output, '\u001b')
  t.match((await ask(['groups', 'list', '--json'])).rows, [{ group: 'evil\u001b]0;title\u0007' }])
  t.notMatch((await ask(['groups', 'describe', 'no\u001bsuch'])).messages, '\u001b')
})

t.test('an output that cannot be written is one line', { skip: existsSync('/dev/full') ? false : 'no /dev/full here' }, async t => {
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(process.execPath, [main, 'completion', 'bash'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' })
  t.match(stderr, /^ottla: the output cannot be written \(ENOSPC\): see where it goes\n$/)
  t.equal(status, 1)
})

t.test('help is an answer, wrong usage is none', async t => {
  const rows: ReadonlyArray<[string, number, RegExp, RegExp]> = [
    ['--help', 0, /^Usage: ottla [\s\S]*serve[\s\S]*topics[\s\S]*dump/, /^$/],
    ['topics --help', 0, /list, describe, create, delete and alter topics/, /^$/],
    ['topics list --help', 0, /--bootstrap-server <host:port>[\s\S]*OTTLA_BOOTSTRAP_SERVER[\s\S]*With --json, a line is:\n {2}\{ "topic"/, /^$/],
    ['produce --help', 0, /--header <name=value> +of every record; may be repeated\n/, /^$/],
    ['', 2, /^$/, /^Usage: ottla/],
    ['topics', 2, /^$/, /^Usage: ottla topics/],
    ['tapirs', 2, /^$/, /^ottla: unknown command 'tapirs'\n\(Did you mean topics\?\)\nsee --help\n$/],
    ['topics list --jsn', 2, /^$/, /^ottla: unknown option '--jsn'\n\(Did you mean --json\?\)\nsee --help\n$/],
    ['topics create', 2, /^$/, /missing required argument 'topic'/],
    ['topics list -b a:b', 2, /^$/, /--bootstrap-server a:b is no address of a broker: give host:port/],
  ]
  for (const [line, exitCode, output, messages] of rows) {
    t.match(await runCommand(line.split(' ').filter(word => word !== '')), { exitCode, output, messages }, line)
  }
  t.notMatch((await runCommand(['--help'])).output, /^ +complete /m, 'what shells call is not shown')
})

t.test('nobody there, or somebody else', async t => {
  t.match(await runCommand(['topics', 'list', '-b', '127.0.0.1:1']), {
    exitCode: 1, output: '', messages: /^ottla: cannot connect to 127.0.0.1:1: nothing listens there; start the broker, or name another/,
  })
  const server = createServer(socket => { socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })
  const { port } = server.address() as { port: number }
  t.match(await runCommand(['groups', 'list', '-b', `127.0.0.1:${port}`]), { exitCode: 1, messages: /it speaks HTTP; check the port/ })
})

t.test('completion knows what may follow', async t => {
  const names: Names = async (kind, server) => [`${kind}-of-${server}`, 'other']
  const rows: ReadonlyArray<[string, string]> = [
    ['', 'completion configs consume dump groups help log-dirs offsets produce serve topics'],
    ['to', 'topics'],
    ['topics ', 'alter create delete describe help list'],
    ['topics d', 'delete describe'],
    ['topics create x --par', '--partitions'],
    ['topics create x --if-not-exists --r', '--replication-factor'],
    ['topics describe -b a:1 to', 'topic-of-a:1'],
    ['topics describe one ', 'other topic-of-localhost:9092'],
    ['consume topic o', ''],
    ['consume x --group g', 'group-of-localhost:9092'],
    ['groups describe -b h:2 o', 'other'],
    ['produce x --compression ', 'gzip lz4 none snappy zstd'],
    ['produce x --acks a', 'all'],
    ['configs describe ', 'broker broker-logger client-metrics group topic'],
    ['configs describe topic ', 'other topic-of-localhost:9092'],
    ['configs alter group gr', 'group-of-localhost:9092'],
    ['configs describe broker b', 'broker-of-localhost:9092'],
    ['completion ', 'bash zsh'],
    ['dump ', ''],
    ['nonsense --x ', ''],
  ]
  const ottla = program(processTerminal(), defineAll)
  for (const [line, expected] of rows) {
    const found = await candidates(ottla, line.split(' '), names)
    t.equal(found.map(({ word }) => word).join(' '), expected, `ottla ${line}`)
    t.ok(found.every(({ description }) => description !== undefined))
  }
})

t.test('a shell that completes', async t => {
  // A busy machine may take longer than people at a shell would wait.
  process.env.OTTLA_COMPLETION_TIMEOUT_MS = '60000'
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const server = broker.bootstrapServers
  await runCommand(['topics', 'create', 'shell-topic', '-b', server])
  t.match(await runCommand(['complete', '--', 'topics', 'describe', '-b', server, 'sh']), { exitCode: 0, output: 'shell-topic\ttopic\n' })
  t.same(await namesOfBroker('topic', '127.0.0.1:1'), [], 'nobody there')
  t.same(await namesOfBroker('group', 'no address'), [])

  const { output: script } = await runCommand(['completion', 'bash'])
  const shell = spawn('bash', ['-c', `ottla () { "${process.execPath}" "${main}" "$@"; }
${script}
COMP_WORDS=(ottla topics describe -b ${server} shell) COMP_CWORD=5
_ottla
printf '%s\\n' "\${COMPREPLY[@]}"`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  shell.stdout.on('data', chunk => { said += String(chunk) })
  await new Promise(resolve => shell.on('close', resolve))
  t.equal(said, 'shell-topic\n')
  t.match((await runCommand(['completion', 'zsh'])).output, /^#compdef ottla\n[\s\S]*_describe/)
  t.equal((await runCommand(['completion', 'fish'])).exitCode, 2)
})

t.test('the real program', async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  await runCommand(['topics', 'create', 'real', '--partitions', '1', '-b', broker.bootstrapServers])
  const environment = { PATH: process.env.PATH, OTTLA_BOOTSTRAP_SERVER: broker.bootstrapServers }
  const start = (...words: string[]) =>
    spawn(process.execPath, [main, ...words], { env: environment })
  const listing = start('topics', 'list')
  let listed = ''
  listing.stdout.on('data', chunk => { listed += String(chunk) })
  t.equal(await new Promise(resolve => listing.on('close', resolve)), 0)
  t.equal(listed, 'TOPIC  PARTITIONS  REPLICATION FACTOR\nreal   1           1\n')

  const consuming = start('consume', 'real', '--from', 'beginning')
  await runCommand(['produce', 'real', '-b', broker.bootstrapServers], { input: 'hello\n' })
  await new Promise(resolve => consuming.stdout.once('data', resolve))
  consuming.kill('SIGINT')
  t.equal(await new Promise(resolve => consuming.on('close', resolve)), 0, 'SIGINT ends it in order')

  const piped = start('consume', 'real', '--from', 'beginning')
  await new Promise(resolve => piped.stdout.once('data', resolve))
  piped.stdout.destroy()
  const isOver = new Promise(resolve => piped.on('close', resolve))
  await runCommand(['produce', 'real', '-b', broker.bootstrapServers], { input: 'again\n' })
  t.equal(await isOver, 0, 'and so does a reader that has gone')
  t.equal(spawnSync(process.execPath, [main, 'topics', 'lst'], { env: environment }).status, 2)
})

const noPipes = existsSync('/proc/self/fd') ? false : 'no /proc here'

t.test('every command ends with its reader, and quietly', { skip: noPipes }, async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const ask = (words: string[], input = '') => runCommand([...words, '-b', broker.bootstrapServers], { input })
  await ask(['topics', 'create', 'real', '--partitions', '2'])
  await ask(['produce', 'real', '--partition', '1'], '1\n2\n3\n4\n')
  const environment = { PATH: process.env.PATH, OTTLA_BOOTSTRAP_SERVER: broker.bootstrapServers }
  const piped = (line: string) => runProgram('bash', ['--norc', '-c', `ottla () { "${process.execPath}" "${main}" "$@"; }
${line}
echo "exit codes \${PIPESTATUS[*]}"`], '', environment)
  // All that there is fits into the pipe at once: nothing is written any more when head has gone.
  const rows: ReadonlyArray<[string, string]> = [
    ['ottla consume real --from beginning | head -n 3', '1\n2\n3\nexit codes 0 0\n'],
    ['ottla consume real --group g --from beginning | head -n 1', '1\nexit codes 0 0\n'],
    ['ottla consume real | true', 'exit codes 0 0\n'],
    ['ottla topics list | true', 'exit codes 0 0\n'],
    ['seq 3 | ottla produce real --json | true', 'exit codes 0 0 0\n'],
    ['ottla completion bash | true', 'exit codes 0 0\n'],
    ['ottla --help | true', 'exit codes 0 0\n'],
    ['ottla topics describe absent 2>&1 >/dev/null | true', 'exit codes 1 0\n'],
  ]
  for (const [line, output] of rows) t.match(await piped(line), { output, complaints: '' }, line)
  t.match(await ask(['groups', 'describe', 'g', '--json']), { output: /"state":"Empty"/ }, 'the member has left')
  const into = t.testdir()
  const waiting = await piped(`ottla consume real --from beginning --max-messages 2 > '${into}/there'; cat '${into}/there'`)
  t.match(waiting, { output: '1\n2\nexit codes 0\n' }, 'a file is no pipe')
})

t.test('small languages', async t => {
  const moments: ReadonlyArray<[string, number]> = [
    ['1970-01-02', 86_400_000], ['1970-01-01T00:00:01', 1000], ['1970-01-01T00:00:01.5Z', 1500],
    ['1970-01-01T01:00:00+01:00', 0], ['1970-01-01T01:00+0100', 0], ['@99', 99],
  ]
  for (const [text, ms] of moments) t.equal(moment('x')(text), ms, text)
  for (const wrong of ['', 'now', '1970', '1970-13-01', '2026-02-30', '@', '12:00']) t.throws(() => moment('--x')(wrong), { name: 'UsageError' }, wrong)
  const durations: ReadonlyArray<[string, number]> = [
    ['P1D', 86_400_000], ['PT1H30M', 5_400_000], ['PT0.5S', 500], ['P2DT3S', 172_803_000],
  ]
  for (const [text, ms] of durations) t.equal(duration('x')(text), ms, text)
  for (const wrong of ['P', 'PT', '1D', 'P1W', 'P1DT']) t.throws(() => duration('--x')(wrong), { name: 'UsageError' }, wrong)
  t.equal(jsonOf({ a: 5n, b: 2n ** 60n, c: [null, true] }), '{"a":5,"b":"1152921504606846976","c":[null,true]}')
})
