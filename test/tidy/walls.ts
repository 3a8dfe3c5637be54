/**
 * Which room may import which. Imports go one way, so that a room can be read, and tested, alone.
 */
import { builtinModules } from 'node:module'
import { importsOf } from './imports.ts'
import type { Law } from './sources.ts'

interface Wall {
  readonly imports: readonly string[]
  /** Only with `import type`: the shape of what comes in as an argument. */
  readonly types?: readonly string[]
}

const config = ['config', 'src/settings.ts']

/** A room may also import itself. Everything that is not named is behind the wall. */
export const walls: Readonly<Record<string, Wall>> = {
  protocol: { imports: ['buffer-layout', 'node:assert', 'node:zlib', '@node-rs/crc32'] },
  memory: { imports: ['node:diagnostics_channel'] },
  core: { imports: ['protocol'] },
  store: { imports: ['memory', 'protocol', 'lmdb', 'buffer-layout', 'node:fs', 'node:path', 'node:assert'] },
  client: { imports: ['protocol', 'node:net', 'node:tls'] },
  runtime: { imports: ['core', 'store', 'client', 'protocol'] },
  apis: { imports: ['protocol', 'core'] },
  server: { imports: ['memory', 'protocol', 'apis', 'node:net', 'node:tls', 'node:crypto'] },
  console: { imports: ['server', 'node:http'], types: ['apis'] },
  config: { imports: ['protocol', 're2js', 'node:fs', 'node:module'] },
  'src/settings.ts': { imports: ['config', 'core'], types: ['runtime'] },
  'src/process-environment.ts': { imports: ['protocol', 'node:crypto', 'node:dns', 'node:os'], types: ['runtime'] },
  'src/own-name.ts': { imports: ['config', 'node:os', 'src/process-environment.ts'] },
  'src/data-directory.ts': {
    imports: ['protocol', 'config', 'node:fs', 'node:path', 'src/process-environment.ts'],
  },
  'src/broker.ts': { imports: ['apis', 'console', 'core', 'protocol', 'runtime', 'server', 'store', 'client', ...config] },
  'src/parts.ts': { imports: ['core', ...config], types: ['protocol', 'runtime', 'server', 'store', 'src/broker.ts'] },
  'src/index.ts': {
    imports: [
      'src/broker.ts', 'src/data-directory.ts', 'src/own-name.ts', 'src/parts.ts', 'src/process-environment.ts', 'server',
      'store', 'config',
    ],
    types: ['runtime'],
  },
  cli: {
    imports: [
      'client', 'protocol', 'commander', 'cli-progress', 'cli-table3', 'pino', 'pino-pretty', 'node:buffer', 'node:events',
      'node:fs', 'node:net', 'node:os', 'node:path', 'node:process', 'node:stream', 'node:url', ...config,
    ],
    types: ['src/process-environment.ts'],
  },
  'src/main.ts': { imports: ['cli'] },
}

/** The files that do what the rest of their room may not. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  'protocol/records/zstd-wasm.ts': ['@bokuweb/zstd-wasm', 'node:fs', 'node:module', 'node:path'],
  'src/cli/bundled.ts': ['node:module', 'node:vm'],
  'src/cli/serve.ts': ['src/index.ts'],
  'src/cli/dump/dump.ts': ['store', 'src/data-directory.ts'],
  'src/cli/dump/source.ts': ['store'],
  'src/cli/dump/read-only-disk.ts': ['store'],
}

/** The same for types alone: what a room is given, named in one place. */
const typeDoors: Readonly<Record<string, readonly string[]>> = {
  'src/apis/broker.ts': ['runtime'],
}

/** The room of a path or of a package. */
export function roomOf (path: string): string {
  if (path.startsWith('protocol/')) return 'protocol'
  const folder = /^src\/([^/]+)\//.exec(path)?.[1]
  if (folder !== undefined) return folder
  return path
}

export const wallsStand: Law = sources => sources.flatMap(({ path, text }) => {
  if (!/^(?:protocol|src)\//.test(path)) return []
  const room = roomOf(path)
  const wall = walls[room]
  if (wall === undefined) return [`${path}:1 is in no room that has a wall`]
  return importsOf(path, text).flatMap(({ from, line, typeOnly }) => {
    const target = roomOf(from)
    if (builtinModules.includes(from)) return [`${path}:${line} imports ${from} without "node:"`]
    const types = [...wall.types ?? [], ...typeDoors[path] ?? []]
    const isAllowed = target === room || wall.imports.includes(target) ||
      (typeOnly && types.includes(target)) || doors[path]?.includes(target) === true
    return isAllowed ? [] : [`${path}:${line} ${room} may not import ${from}${typeOnly ? ' (type)' : ''}`]
  })
})
