/** A commit that the real disk refuses fails for whoever asked for it, and for nobody besides. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { root } from '../../scripts/repository.ts'
import { LmdbEnvironment } from '../../src/store/lmdb-environment.ts'

const run = promisify(execFile)

/** Of a file, in the units of the shell's limit. */
const BLOCKS_MAX = 1000

/** Puts until the system refuses; of a rejection that nobody handles a process dies. */
const program = `
  import { LmdbEnvironment } from ${JSON.stringify(`${root}dist/src/store/lmdb-environment.js`)}
  const environment = new LmdbEnvironment(process.argv[1], { mapBytes: 1 << 30 })
  const failures = []
  for (let key = 0; failures.length < 3; key++) {
    const value = Buffer.alloc(Number(process.argv[2]), 1)
    const mutations = [0, 1, 2].map(index => ({ key: Buffer.from(key + '/' + index), value }))
    const { committed, flushed } = environment.apply(mutations)
    await committed.then(() => flushed).catch(error => failures.push(error.code))
  }
  await new Promise(resolve => setTimeout(resolve, 50))
  console.log(JSON.stringify(failures))
`

t.test('lmdb-js rejects a promise that it has given to nobody', async t => {
  // What it starts at the end of the turn, and what is so much that it starts at once.
  for (const bytes of [20_000, 3_000_000]) {
    const path = join(t.testdir(), `${bytes}.mdb`)
    const { stdout } = await run('sh', [
      '-c', `ulimit -f ${BLOCKS_MAX} && exec "$0" "$@"`,
      process.execPath, '--input-type=module', '--eval', program, '--', path, String(bytes),
    ])
    t.same(JSON.parse(stdout), [5, 5, 5], `EIO, ${bytes} bytes a value`)
  }
})

t.test('what changes nothing is committed', async t => {
  const environment = new LmdbEnvironment(join(t.testdir(), 'kept.mdb'), { mapBytes: 1 << 30 })
  const { committed, flushed } = environment.apply([])
  t.equal(await committed, undefined)
  t.equal(await flushed, undefined)
  await environment.close()
})
