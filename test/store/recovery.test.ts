import t from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import type { Disk } from '../../src/store/disk.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'
import { realEnvironment } from './fixtures.ts'
import { Model, seeded, smallSizes } from './model.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const rounds = Number(process.env.ROUNDS ?? 2)
const firstSeed = Number(process.env.SEED ?? 1)

interface Machine { disk: () => Disk, directory: string, kill: (() => void) | undefined }

const machines: Array<[string, (path: string) => Machine]> = [
  ['the real disk', path => ({ disk: nodeDisk, directory: path, kill: undefined })],
  ['the memory disk', () => {
    const memory = new MemoryDisk()
    return { disk: () => memory.disk(), directory: '/data', kill: () => { memory.kill() } }
  }],
]

for (const [name, make] of machines) {
  t.test(`${name}: a store says what arrays say, whatever is done to it`, async t => {
    for (let round = 0; round < rounds; round++) {
      const seed = firstSeed + round
      const { disk, directory, kill } = make(t.testdir())
      const failures: string[] = []
      let life = 0
      const open = (): Promise<Store> => {
        const mine = ++life
        return openStore(directory, realEnvironment(disk(), (level, message) => {
          if (level === 'error' && mine === life) failures.push(message)
        }), smallSizes)
      }
      const random = seeded(seed)
      const model = new Model(await open(), random)
      for (let step = 0; step < 250; step++) {
        await model.step()
        if (random() < 0.05) await model.check(t)
        if (random() < 0.02) {
          if (kill !== undefined && random() < 0.7) {
            life++
            kill()
          } else await model.store.close()
          model.store = await open()
          await model.check(t)
        }
      }
      await model.check(t)
      await model.store.close()
      t.same(failures, [], `seed ${seed}`)
    }
  })
}
