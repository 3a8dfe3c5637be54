/**
 * A step of the build: the types of the library in one file that needs nothing, not even Node's own
 * types. What TypeScript writes beside `src/index.ts` names the rooms behind it, and their types
 * would have to be right in the user's project too.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brokerTable } from '../../src/config/table.ts'
import type { Setting } from '../../src/config/setting.ts'

const FOLDER = fileURLToPath(new URL('../../src/', import.meta.url))
const INDEX = 'index.d.ts'

/**
 * Whether it is the one that was written before changes nothing: what TypeScript writes is made
 * anew.
 */
export function writePublicTypes (): void {
  const read = (path: string): string => readFileSync(FOLDER + path, 'utf8')
  writeFileSync(FOLDER + INDEX, publicTypes(read(INDEX), read, brokerTable.values()))
}

const OVERRIDES = /^export type BrokerOverrides = \{\n.*\n\};$/m
const IMPORT = /^import type \{[^}]*\} from '[^']+';\n/gm
const TAKEN = /^export (?:type )?\{([^}]*)\} from '([^']+)';$/gm

/**
 * `index` as TypeScript wrote it, with what it takes from other files in its place. Throws if some
 * is left.
 */
export function publicTypes (
  index: string, read: (path: string) => string, settings: Iterable<Setting>
): string {
  const flat = index.replace(IMPORT, '')
    .replace(TAKEN, (_, names: string, from: string) => {
      const text = read(posix.normalize(from).replace(/\.ts$/, '.d.ts'))
      return names.split(',').map(name => declarationOf(name.trim(), text)).join('\n')
    })
    .replace(OVERRIDES, () => overrides(settings))
  const left = /^.*(?:\bfrom '|\bimport\(|BrokerValues|<reference).*$/m.exec(flat)?.[0]
  if (left !== undefined) throw new Error(`the public types are not whole by themselves: ${left}`)
  return flat
}

/** With the comment above it. */
function declarationOf (name: string, text: string): string {
  const lines = text.split('\n')
  const at = lines.findIndex(line => new RegExp(`^export (?:declare )?(?:class|interface|type|function) ${name}\\b`).test(line))
  if (at === -1) throw new Error(`no declaration of ${name} to take`)
  const length = lines.slice(at).findIndex(line => /^\}|;$/.test(line) && !line.startsWith(' ')) + 1
  const isComment = (line: string | undefined): boolean => line !== undefined && /^(?:\/\*\*| \*)/.test(line)
  let from = at
  while (isComment(lines[from - 1])) from--
  return lines.slice(from, at + length).join('\n')
}

const TYPES: Readonly<Record<Setting['type'], string>> = {
  boolean: 'boolean',
  short: 'number',
  int: 'number',
  long: 'bigint',
  double: 'number',
  string: 'string',
  class: 'string',
  password: 'string',
  list: 'readonly string[]',
}

function overrides (settings: Iterable<Setting>): string {
  const members = [...settings].map(({ name, type, defaultText }) =>
    `    readonly '${name}'?: ${TYPES[type]}${defaultText === null ? ' | null' : ''};`)
  return ['export interface BrokerOverrides {', ...members.sort(), '}'].join('\n')
}
