/** One name on three shelves, a test for every unit, and no drawer without a purpose. */
import type { Law, Source } from './sources.ts'
import { inFolder } from './sources.ts'

const DRAWERS = /^(?:utils?|utilities|commons?|misc|helpers?|interfaces|shared|stuff|lib|tools?)$/

export const noDrawers: Law = sources => sources.flatMap(({ path }) =>
  path.split('/').some(part => DRAWERS.test(part.replace(/(?:\.test)?(?:\.d)?\.ts$/, '')))
    ? [`${path}:1 is a drawer: name it after what it is about`]
    : [])

/** `protocol/messages/NN-x.ts`, `src/apis/NN-x.ts`, `test/apis/NN-x.test.ts`. */
export const threeShelves: Law = sources => {
  const paths = new Set(sources.map(({ path }) => path))
  const isTested = inFolder(sources, 'test/apis').length > 0
  return inFolder(sources, 'src/apis').flatMap(({ path }) => {
    const name = /^src\/apis\/(\d+-.*)\.ts$/.exec(path)?.[1]
    if (name === undefined) return []
    return [`protocol/messages/${name}.ts`, ...(isTested ? [`test/apis/${name}.test.ts`] : [])]
      .filter(other => !paths.has(other))
      .map(other => `${path}:1 has no ${other}`)
  })
}

const MIRRORED = ['protocol', 'src/core', 'src/apis', 'src/store']

/** The units without a test of their own name; messages are tested all together by their bytes. */
export function withoutMirror (sources: readonly Source[]): string[] {
  const paths = new Set(sources.map(({ path }) => path))
  return MIRRORED.flatMap(folder => inFolder(sources, folder)).map(({ path }) => path)
    .filter(path => !path.endsWith('.d.ts') && !path.startsWith('protocol/messages/'))
    .filter(path => !paths.has(mirrorOf(path)))
}

export function mirrorOf (path: string): string {
  return `test/${path.replace(/^src\//, '').replace(/\.ts$/, '.test.ts')}`
}
