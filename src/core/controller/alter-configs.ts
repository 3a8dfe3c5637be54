/** AlterConfigs and IncrementalAlterConfigs on the controller (D13.12-17). */
import { code } from '../../../protocol/errors.ts'
import type {
  AlterConfigsRequest, AlterConfigsResponse,
} from '../../../protocol/messages/33-alter-configs.ts'
import type {
  IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
} from '../../../protocol/messages/44-incremental-alter-configs.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { ClearElrRecord } from '../../../protocol/stored/metadata-topics.ts'
import { CLUSTER_DEFAULT, configEntry, resourceType } from '../metadata/configs.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import { topicNameProblem } from '../metadata/topic-name.ts'
import { dynamicValues, isTooLong, valueTooLong } from './config-rules.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'

export interface ConfigView extends Pick<ControllerView, 'image' | 'settings'> {
  /** Nodes that exist without being brokers: their settings may be altered too. */
  readonly voterIds?: readonly number[]
}

/** Whether the caller may alter the resource; undefined if so. */
export type ConfigAccess = (type: number, name: string) => Failure | undefined

interface Resource { readonly resourceType: number, readonly resourceName: string }
type Row = IncrementalAlterConfigsResponse['responses'][number]

/** What a resource's keys shall be: null removes. In the order of the request. */
type Changes = ReadonlyMap<string, string | null>
type Proposal = { readonly changes: Changes } | { readonly problem: Failure }

const MIN_ISR = 'min.insync.replicas'

export function incrementalAlterConfigs (
  request: IncrementalAlterConfigsRequest, view: ConfigView, access: ConfigAccess = () => undefined
): ControllerResult<IncrementalAlterConfigsResponse> {
  return alter(request.resources, request.validateOnly, view, access,
    resource => operationsOf(resource, view))
}

/** Replaces: what is stored and not named is removed. */
export function alterConfigs (
  request: AlterConfigsRequest, view: ConfigView, access: ConfigAccess = () => undefined
): ControllerResult<AlterConfigsResponse> {
  return alter(request.resources, request.validateOnly, view, access, resource => {
    const changes = new Map(resource.configs.map(({ name, value }) => [name, value]))
    const stored = view.image.configs.of(resource.resourceType, resource.resourceName)
    for (const name of stored.keys()) if (!changes.has(name)) changes.set(name, null)
    return { changes }
  })
}

function alter<R extends Resource> (
  resources: readonly R[], validateOnly: boolean, view: ConfigView, access: ConfigAccess,
  propose: (resource: R) => Proposal
): ControllerResult<{ responses: Row[] }> {
  const rows: Row[] = []
  const records: MetadataEntry[] = []
  const row = ({ resourceType: type, resourceName }: Resource, outcome: Failure): void => {
    rows.push({ ...outcome, resourceType: type, resourceName })
  }
  const { refused, wanted } = sortOut(resources, access)
  for (const [resource, problem] of refused) row(resource, problem)
  for (const resource of wanted) {
    const outcome = changesOf(resource, propose(resource), view)
    if ('problem' in outcome) row(resource, outcome.problem)
    else {
      for (const record of outcome.records) records.push(record)
      row(resource, { errorCode: code.NONE, errorMessage: null })
    }
  }
  if (exceedsBatch(records)) {
    const responses = resources.map(({ resourceType: type, resourceName }) =>
      ({ ...tooManyRecords, resourceType: type, resourceName }))
    return { records: nothing, reply: { responses } }
  }
  return {
    records: validateOnly ? nothing : [...records, ...clearedElrs(records, view)],
    reply: { responses: rows },
  }
}

const TYPES: ReadonlySet<number> = new Set(Object.values(resourceType))

/** D13.12. */
function sortOut<R extends Resource> (
  resources: readonly R[], access: ConfigAccess
): { refused: Array<[R, Failure]>, wanted: R[] } {
  const refused: Array<[R, Failure]> = []
  const byKey = new Map<string, R[]>()
  for (const resource of resources) {
    const { resourceType: type, resourceName: name } = resource
    if (!TYPES.has(type)) {
      refused.push([resource, failure(code.UNSUPPORTED_VERSION, `Unknown resource type ${type}.`)])
      continue
    }
    const key = `${type}:${name}`
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [resource])
    else same.push(resource)
  }
  const wanted: R[] = []
  for (const [resource, ...more] of byKey.values()) {
    if (resource === undefined) continue
    const { resourceType: type, resourceName: name } = resource
    const denied = access(type, name)
    if (more.length > 0) refused.push([resource, failure(code.INVALID_REQUEST, 'Duplicate resource.')])
    else if (denied !== undefined) refused.push([resource, denied])
    else wanted.push(resource)
  }
  return { refused, wanted }
}

/** KIP-339's codes. */
export const operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const
const { SET, DELETE, APPEND, SUBTRACT } = operation

/** D13.13. */
function operationsOf (
  { resourceType: type, resourceName, configs }: IncrementalAlterConfigsRequest['resources'][number],
  { image, settings }: ConfigView
): Proposal {
  const stored = image.configs.of(type, resourceName)
  const changes = new Map<string, string | null>()
  for (const { name, configOperation, value } of configs) {
    switch (configOperation) {
      case SET:
        changes.set(name, value)
        break
      case DELETE:
        changes.set(name, null)
        break
      case APPEND:
      case SUBTRACT: {
        if (!settings.configs.isList(type, name)) {
          const verb = configOperation === APPEND ? 'APPEND' : 'SUBTRACT'
          return {
            problem: failure(code.INVALID_CONFIG,
              `Can't ${verb} to key ${name} because its type is not LIST.`),
          }
        }
        // From the built-in default, not from the broker's value, if nothing is stored.
        const before = stored.get(name) ?? settings.configs.builtInDefault(type, name) ?? ''
        changes.set(name, changedList(configOperation, before, value ?? ''))
        break
      }
      default:
        return {
          problem: failure(code.INVALID_REQUEST, `Unknown operations type ${configOperation}`),
        }
    }
  }
  return { changes }
}

/** What a list holds after APPEND or SUBTRACT: nothing is appended that is there. */
export function changedList (configOperation: number, before: string, named: string): string {
  const elements = elementsOf(before)
  if (configOperation === APPEND) {
    // Repetitions that are stored stay.
    const known = new Set(elements)
    return [...elements, ...[...new Set(elementsOf(named))].filter(it => !known.has(it))].join(',')
  }
  const removed = new Set(elementsOf(named))
  return elements.filter(it => !removed.has(it)).join(',')
}

/** As Kafka splits a stored list: blanks stay, empty elements go. */
function elementsOf (text: string): string[] { return text.split(',').filter(it => it !== '') }

/**
 * The records of one resource, if the whole set of its values holds afterwards (D13.14, D13.17).
 */
function changesOf (
  { resourceType: type, resourceName }: Resource, proposal: Proposal, view: ConfigView
): { readonly records: MetadataEntry[] } | { readonly problem: Failure } {
  if ('problem' in proposal) return proposal
  const stored = view.image.configs.of(type, resourceName)
  const after = new Map(stored)
  const records: MetadataEntry[] = []
  for (const [name, value] of proposal.changes) {
    const before = stored.get(name) ?? null
    // KAFKA-14136: a broker's value is written even if it is the same, to make it read files again.
    if (before === value && type !== resourceType.BROKER) continue
    const problem = valueProblem(type, resourceName, name, value, view)
    if (problem !== undefined) return { problem }
    if (value === null) after.delete(name)
    else after.set(name, value)
    records.push(configEntry(type, resourceName, name, value))
  }
  const { image, settings } = view
  const dynamic = dynamicValues(image, settings.nodeId)
  const problem = nameProblem(type, resourceName) ??
    settings.configs.check(type, resourceName, after, dynamic) ??
    existenceProblem(type, resourceName, view)
  return problem === undefined ? { records } : { problem }
}

function valueProblem (
  type: number, resourceName: string, name: string, value: string | null, { image }: ConfigView
): Failure | undefined {
  if (image.features.elrEnabled && type === resourceType.BROKER && name === MIN_ISR) {
    if (resourceName !== CLUSTER_DEFAULT) {
      return failure(code.INVALID_CONFIG,
        'Broker-level min.insync.replicas cannot be altered while ELR is enabled.')
    }
    if (resourceName === CLUSTER_DEFAULT && value === null) {
      return failure(code.INVALID_CONFIG,
        'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.')
    }
  }
  return value !== null && isTooLong(value) ? valueTooLong : undefined
}

function nameProblem (type: number, name: string): Failure | undefined {
  const invalid = (text: string): Failure => failure(code.INVALID_REQUEST, text)
  switch (type) {
    case resourceType.TOPIC: {
      if (name === '') return invalid('Default topic resources are not allowed.')
      const problem = topicNameProblem(name)
      return problem === undefined ? undefined : failure(code.INVALID_TOPIC_EXCEPTION, problem)
    }
    case resourceType.BROKER:
      if (name === CLUSTER_DEFAULT) return undefined
      if (!/^[+-]?\d+$/.test(name)) return invalid('Unable to parse broker name as a base 10 number.')
      return Number(name) < 0 ? invalid('Invalid negative broker ID.') : undefined
    case resourceType.CLIENT_METRICS:
      return name === '' ? invalid('Subscription name can\'t be empty') : undefined
    case resourceType.GROUP:
      return name === '' ? invalid('Default group resources are not allowed.') : undefined
    default:
      return invalid(`Unexpected resource type ${type}`)
  }
}

/** Groups and subscriptions need not exist. */
function existenceProblem (
  type: number, name: string, { image, voterIds = [] }: ConfigView
): Failure | undefined {
  if (type === resourceType.TOPIC && image.topics.find(name) === undefined) {
    return failure(code.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
  }
  if (type !== resourceType.BROKER || name === CLUSTER_DEFAULT) return undefined
  const id = Number(name)
  const known = image.brokers.get(id) !== undefined || image.controllers.get(id) !== undefined ||
    voterIds.includes(id)
  return known ? undefined : failure(code.BROKER_ID_NOT_REGISTERED, `No node with id ${id} found.`)
}

/** R 2.4.3: another minimum makes the ELRs that were kept by the old one meaningless. */
function clearedElrs (records: readonly MetadataEntry[], { image }: ConfigView): MetadataEntry[] {
  if (!image.features.elrEnabled) return []
  const topicNames = new Set<string>()
  for (const { value } of records) {
    const { resourceType: type, resourceName, name } = value as unknown as
      { resourceType: number, resourceName: string, name: string }
    if (name !== MIN_ISR) continue
    if (type === resourceType.TOPIC) topicNames.add(resourceName)
    if (type === resourceType.BROKER) topicNames.add('')
  }
  const names = topicNames.has('') ? [''] : [...topicNames]
  return names.map(topicName => fullEntry(ClearElrRecord, 0, { topicName }))
}
