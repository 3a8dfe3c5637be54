/**
 * `npm run check-schemas -- FILE...` compares our message definitions with schemas of Kafka, field
 * by field, in every version that a file declares valid. Without files, those of test/reference.
 */
import { readFileSync } from 'node:fs'
import { inVersion, nullableAt } from '../../protocol/codec-read.ts'
import type { AnyType, Fields, Message } from '../../protocol/types.ts'
import { filesUnder, root } from '../repository.ts'
import { knownMessages } from './golden-messages.ts'

interface TheirField {
  name: string
  type: string
  versions: string
  nullableVersions?: string
  taggedVersions?: string
  flexibleVersions?: string
  tag?: number
  default?: string
  fields?: TheirField[]
}
interface TheirMessage {
  type: string
  name: string
  validVersions: string
  flexibleVersions?: string
  fields?: TheirField[]
  commonStructs?: Array<{ name: string, fields: TheirField[] }>
}

/** Fields that 4.x calls otherwise than 3.9 did; the bytes are the same. */
const RENAMED: Record<string, Record<string, string>> = {
  'request TxnOffsetCommit': { GenerationId: 'GenerationIdOrMemberEpoch' },
  'request Vote.Topics.Partitions': {
    CandidateEpoch: 'ReplicaEpoch', CandidateId: 'ReplicaId', CandidateDirectoryId: 'ReplicaDirectoryId',
  },
  'response ListConfigResources.ConfigResources': { Name: 'ResourceName' },
  'response ListConfigResources': { ClientMetricsResources: 'ConfigResources' },
}

/** Fields that a draft of 3.9 did not have yet, in a version that 4.x made stable with them. */
const ADDED_TO_DRAFT: Record<string, string> = {
  'response ReadShareGroupStateSummary.Results.Partitions': 'leaderEpoch',
}

/**
 * A default of JSON's null means none to Kafka's generator, only the text "null" means null; the
 * file has both as text. Its classes' own bytes tell them apart: test/golden/tagged-nulls.jsonl.
 */
const NO_DEFAULT = new Set(['AssignmentEpochs', 'ClassicMemberMetadata', 'LastAssignmentConfigs'])

function contains (range: string | undefined, version: number): boolean {
  if (range === undefined || range === 'none') return false
  const [from, to] = range.endsWith('+') ? [range.slice(0, -1), '32767'] : range.split('-')
  return version >= Number(from) && version <= Number(to ?? from)
}

function nameOf (message: TheirMessage): string {
  const suffix = message.type === 'request' ? 'Request' : message.type === 'response' ? 'Response' : ''
  const name = message.name.slice(0, message.name.length - suffix.length)
  return `${message.type} ${name.replace('ListClientMetricsResources', 'ListConfigResources')}`
}

/** Every difference in words; empty when the two agree. */
export function compareSchema (theirs: TheirMessage): string[] {
  const name = nameOf(theirs)
  const ours = knownMessages.get(name)
  if (ours === undefined) return [`${name}: unknown to us`]
  const structs = new Map((theirs.commonStructs ?? []).map(each => [each.name, each.fields]))
  const [from, to] = theirs.validVersions.split('-').map(Number) as [number, number?]
  const differences = new Set<string>()
  for (let version = from; version <= (to ?? from); version++) {
    compareVersion({ name, theirs, ours, version, structs, differences })
  }
  return [...differences]
}

interface Comparison {
  name: string
  theirs: TheirMessage
  ours: Message
  version: number
  structs: Map<string, TheirField[]>
  differences: Set<string>
}

function compareVersion (comparison: Comparison): void {
  const { name, theirs, ours, version, differences } = comparison
  if (version < ours.versions[0] || version > ours.versions[1]) {
    differences.add(`${name}: version ${version} is not ours`)
    return
  }
  if (contains(theirs.flexibleVersions, version) !== (version >= ours.flexible)) {
    differences.add(`${name}: flexible in version ${version}?`)
  }
  compareFields(comparison, name, theirs.fields ?? [], ours.fields)
}

function compareFields (
  comparison: Comparison, path: string, theirs: TheirField[], ours: Fields
): void {
  const { version, structs, differences } = comparison
  const present = theirs.filter(field => contains(field.versions, version))
    .map(field => ({ ...field, name: RENAMED[path]?.[field.name] ?? field.name }))
  const expected = present.map(field => field.name[0]?.toLowerCase() + field.name.slice(1))
  const added = expected.includes(ADDED_TO_DRAFT[path] ?? '') ? undefined : ADDED_TO_DRAFT[path]
  const actual = Object.keys(ours)
    .filter(key => key !== added && inVersion(ours[key] as AnyType, version))
  const plain = (keys: string[]): string => keys.filter(key => ours[key]?.tag === undefined).join()
  if ([...expected].sort().join() !== [...actual].sort().join() ||
    plain(expected) !== plain(actual)) {
    differences.add(`${path} v${version}: fields ${expected.join()} there, ${actual.join()} here`)
    return
  }
  for (const [index, field] of present.entries()) {
    const type = ours[expected[index] as string] as AnyType
    const where = `${path}.${field.name}`
    compareField(comparison, where, field, type)
    const base = field.type.replace('[]', '')
    const nested = field.fields ?? structs.get(base)
    const struct = type.kind === 'array' ? type.element : type
    if (nested !== undefined) {
      if (struct?.fields === undefined) differences.add(`${where}: a struct there`)
      else compareFields(comparison, where, nested, struct.fields)
    }
  }
}

function compareField (
  comparison: Comparison, where: string, theirs: TheirField, ours: AnyType
): void {
  const { version, differences } = comparison
  const check = (what: string, there: unknown, here: unknown): void => {
    if (there !== here) differences.add(`${where}: ${what} ${there} there, ${here} here`)
  }
  check('type', typeText(theirs), ourTypeText(ours))
  check('nullable', contains(theirs.nullableVersions, version), nullableAt(ours, version))
  const tagged = contains(theirs.taggedVersions, version)
  check('tag', tagged ? theirs.tag : undefined, ours.tag)
  check('never compact', theirs.flexibleVersions === 'none', ours.neverCompact === true)
  const theirDefault = NO_DEFAULT.has(theirs.name) ? undefined : theirs.default
  check('default', defaultText(theirDefault, theirs.type), defaultText(String(ours.default ?? (
    ours.default === null ? 'null' : '')), theirs.type))
}

function typeText (field: TheirField): string {
  return field.type.replace(/[A-Z]\w*/, 'struct')
}

function ourTypeText (type: AnyType): string {
  return type.kind === 'array' ? `[]${type.element?.kind}` : type.kind
}

/** Defaults as values: '' and 0 are the same as none, 0x7fff the same as 32767. */
function defaultText (text: string | undefined, type: string): string {
  if (text === 'null') return 'null'
  if (/^(u?int|float)/.test(type)) return text === undefined || text === '' ? '0' : String(Number(text))
  if (type === 'bool') return text === 'true' ? 'true' : 'false'
  return text ?? ''
}

export function main (files: readonly string[]): number {
  const reference = filesUnder('test/reference/schemas', '.jsonl').map(path => root + path)
  let compared = 0
  let differ = 0
  for (const file of files.length > 0 ? files : reference) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue
      const message = JSON.parse(line) as TheirMessage
      if (message.validVersions === 'none') continue
      compared++
      for (const difference of compareSchema(message)) {
        differ++
        console.log(difference)
      }
    }
  }
  console.log(`${compared} schemas compared, ${differ} differences`)
  return differ === 0 && compared > 0 ? 0 : 1
}
