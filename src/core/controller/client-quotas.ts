/** Client quotas: described by filter, and altered entity by entity (D18, KIP-546). */
import { code } from '../../../protocol/errors.ts'
import type {
  DescribeClientQuotasRequest, DescribeClientQuotasResponse,
} from '../../../protocol/messages/48-describe-client-quotas.ts'
import type {
  AlterClientQuotasRequest, AlterClientQuotasResponse,
} from '../../../protocol/messages/49-alter-client-quotas.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { ClientQuotaRecord } from '../../../protocol/stored/metadata-settings.ts'
import { hashOrder } from '../hash-order.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { EntityQuotas, QuotaEntity } from '../metadata/facts.ts'
import type { Quotas } from '../metadata/quotas.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'

const USER = 'user'
const CLIENT_ID = 'client-id'
const IP = 'ip'
const TYPES: readonly string[] = [CLIENT_ID, USER, IP]

const LONG_MAX = 2 ** 63
const INT_MAX = 2 ** 31 - 1
/** What is counted in whole units may be this much above one. */
const EPSILON = 1e-6

type Kind = 'INT' | 'LONG' | 'DOUBLE'

/** D18.4 */
const clientKeys: ReadonlyMap<string, Kind> = new Map([
  ['producer_byte_rate', 'LONG'], ['consumer_byte_rate', 'LONG'], ['request_percentage', 'DOUBLE'],
  ['controller_mutation_rate', 'DOUBLE'],
])
const ipKeys: ReadonlyMap<string, Kind> = new Map([['connection_creation_rate', 'INT']])

const invalid = (text: string): Failure => failure(code.INVALID_REQUEST, text)
const success: Failure = { errorCode: code.NONE, errorMessage: null }

type Row = AlterClientQuotasResponse['entries'][number]
type Operation = AlterClientQuotasRequest['entries'][number]['ops'][number]

/**
 * What fails for one entity leaves the others as they are. `resolves` says which names of hosts are
 * known: ip entities may have names.
 */
export function alterClientQuotas (
  { entries, validateOnly }: AlterClientQuotasRequest, { image }: Pick<ControllerView, 'image'>,
  resolves: (host: string) => boolean
): ControllerResult<AlterClientQuotasResponse> {
  const records: MetadataEntry[] = []
  const rows = new Map<string, Row>()
  for (const { entity: named, ops } of entries) {
    // D0.10: of two names for one type the last counts.
    const entity = new Map(hashOrder(
      new Map(named.map(({ entityType, entityName }) => [entityType, entityName])), named.length))
    const text = entityText(entity)
    const isRepeated = rows.has(text) || hasRepeatedKey(ops)
    const problem = isRepeated
      ? invalid(`Ignoring duplicate entity ClientQuotaEntity(entries={${text}})`)
      : entityProblem(entity, resolves) ?? operationsProblem(entity, ops)
    rows.set(text, {
      ...problem ?? success,
      entity: [...entity].map(([entityType, entityName]) => ({ entityType, entityName })),
    })
    if (problem !== undefined) continue
    for (const record of changes(entity, ops, image.quotas)) records.push(record)
  }
  if (exceedsBatch(records)) {
    const refused = [...rows.values()].map(row => ({ ...row, ...tooManyRecords }))
    return { records: nothing, reply: { entries: refused } }
  }
  return { records: validateOnly ? nothing : records, reply: { entries: [...rows.values()] } }
}

function entityText (entity: QuotaEntity): string {
  return [...entity].map(([type, name]) => `${type}=${name}`).join(', ')
}

function hasRepeatedKey (ops: readonly Operation[]): boolean {
  return new Set(ops.map(({ key }) => key)).size < ops.length
}

/** D18.3: a null name is the default of its type. */
function entityProblem (
  entity: QuotaEntity, resolves: (host: string) => boolean
): Failure | undefined {
  if (entity.size === 0) return invalid('Invalid empty client quota entity')
  for (const [type, name] of entity) {
    if (!TYPES.includes(type)) return invalid(`Unhandled client quota entity type: ${type}`)
    if (name === '') return invalid(`Empty ${type} not supported`)
  }
  const host = entity.get(IP)
  if (host === undefined) return undefined
  if (entity.size > 1) {
    return invalid('Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId')
  }
  return host === null || resolves(host)
    ? undefined
    : invalid(`${host} is not a valid IP or resolvable host.`)
}

/** D18.4: what is removed may have any name. */
function operationsProblem (entity: QuotaEntity, ops: readonly Operation[]): Failure | undefined {
  const keys = entity.has(IP) ? ipKeys : clientKeys
  for (const { key, value, remove } of ops) {
    const problem = remove ? undefined : valueProblem(key, value, keys.get(key))
    if (problem !== undefined) return problem
  }
  return undefined
}

function valueProblem (key: string, value: number, kind: Kind | undefined): Failure | undefined {
  if (kind === undefined) return invalid(`Invalid configuration key ${key}`)
  if (value <= 0) return invalid(`Quota ${key} must be greater than 0`)
  if (kind === 'DOUBLE') return undefined
  if (value > (kind === 'INT' ? INT_MAX : LONG_MAX)) {
    return invalid(`Proposed value for ${key} is too large for ${kind === 'INT' ? 'an INT' : 'a LONG'}.`)
  }
  return value - Math.floor(value) > EPSILON
    ? invalid(`${key} cannot be a fractional value.`)
    : undefined
}

/** Only what differs is written. */
function changes (entity: QuotaEntity, ops: readonly Operation[], quotas: Quotas): MetadataEntry[] {
  const present = quotas.of(entity)
  return ops
    .filter(({ key, value, remove }) => remove
      ? present?.has(key) === true
      : !Object.is(present?.get(key), value))
    .map(({ key, value, remove }) => fullEntry(ClientQuotaRecord, 0, {
      entity: [...entity].map(([entityType, entityName]) => ({ entityType, entityName })),
      key,
      value: remove ? 0 : value,
      remove,
    }))
}

const EXACT = 0
const DEFAULT = 1
const ANY = 2

/** What an entity's name of that type must be; undefined is any name. */
type Filter = ReadonlyMap<string, string | null | undefined>

/** D18.1-2. */
export function describeClientQuotas (
  { components, strict }: DescribeClientQuotasRequest, quotas: Quotas
): DescribeClientQuotasResponse {
  const filter = filterOf(components)
  if ('errorCode' in filter) return { ...filter, entries: null }
  const all = filter.size > 0
    ? [...quotas].filter(each => matches(each, filter, strict))
    : strict ? [] : [...quotas]
  return {
    // Kafka tells no error with an empty text here, where other answers have null.
    errorMessage: '',
    entries: all.map(({ entity, values }) => ({
      entity: hashOrder(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
      values: [...values].map(([key, value]) => ({ key, value })),
    })),
  }
}

function filterOf (components: DescribeClientQuotasRequest['components']): Filter | Failure {
  const filter = new Map<string, string | null | undefined>()
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return invalid('Invalid empty entity type.')
    if (filter.has(entityType)) {
      return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
    }
    if (!TYPES.includes(entityType)) {
      return failure(code.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`)
    }
    const problem = matchProblem(matchType, match)
    if (problem !== undefined) return problem
    filter.set(entityType, matchType === EXACT ? match : matchType === DEFAULT ? null : undefined)
  }
  return filter.has(IP) && filter.size > 1
    ? invalid('Invalid entity filter component combination. IP filter component should not be used ' +
      'with user or clientId filter component.')
    : filter
}

function matchProblem (matchType: number, match: string | null): Failure | undefined {
  switch (matchType) {
    case EXACT: return match === null
      ? invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.')
      : undefined
    case DEFAULT: return match === null
      ? undefined
      : invalid('Request specified MATCH_TYPE_DEFAULT, but also specified a match string.')
    case ANY: return match === null
      ? undefined
      : invalid('Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.')
    default: return invalid(`Unknown match type ${matchType}`)
  }
}

function matches ({ entity }: EntityQuotas, filter: Filter, strict: boolean): boolean {
  if (strict && entity.size !== filter.size) return false
  for (const [type, name] of filter) {
    if (!entity.has(type) || (name !== undefined && entity.get(type) !== name)) return false
  }
  return true
}
