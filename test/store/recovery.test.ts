import t from 'tap'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { nodeDisk } from '../../src/store/disk-node.ts'
import type { Disk } from '../../src/store/disk.ts'
import { openStore } from '../../src/store/store.ts'
import { realEnvironment } from './fixtures.ts'
import { Model, seeded, smallSizes } from './model.ts'

const rounds = Number(process.env.ROUNDS ?? 6)
const firstSeed = Number(process.env.SEED ?? 1)

const disks: Array<[string, (path: string) => { disk: Disk, directory: string }]> = [
  ['the real disk', path => ({ disk: nodeDisk(), directory: path })],
  ['the memory disk', () => ({ disk: new MemoryDisk(), directory: '/data' })],
]

for (const [name, make] of disks) {
  t.test(`${name}: a store says what arrays say, whatever is done to it`, async t => {
    for (let round = 0; round < rounds; round++) {
      const seed = firstSeed + round
      const { disk, directory } = make(t.testdir())
      const failures: string[] = []
      const environment = realEnvironment(disk, (level, message) => {
        if (level === 'error') failures.push(message)
      })
      const random = seeded(seed)
      const model = new Model(await openStore(directory, environment, smallSizes), random)
      for (let step = 0; step < 400; step++) {
        await model.step()
        if (random() < 0.05) await model.check(t)
        if (random() < 0.02) {
          if (disk instanceof MemoryDisk && random() < 0.7) disk.kill()
          else await model.store.close()
          model.store = await openStore(directory, environment, smallSizes)
          await model.check(t)
        }
      }
      await model.check(t)
      await model.store.close()
      t.same(failures, [], `seed ${seed}`)
    }
  })
}
