/**
 * AlterConfigs and IncrementalAlterConfigs on the broker that receives them (D13.9-11): what it
 * refuses or does itself, resource by resource; the rest is the controller's. Rows come in the
 * order of the request.
 */
import { code } from '../../protocol/errors.ts'
import { tooManyRecords } from '../core/controller/decision.ts'
import { failure } from '../core/controller/failure.ts'
import type { Failure } from '../core/controller/failure.ts'
import { resourceType } from '../core/metadata/configs.ts'
import type { ConfigValues } from '../core/metadata/configs.ts'
import type { Broker } from './broker.ts'

interface Config { readonly name: string, readonly value: string | null }
interface Resource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly Config[]
}
interface Row extends Failure { readonly resourceType: number, readonly resourceName: string }

type Needs = Pick<Broker, 'configuration' | 'metadata' | 'nodeId'>

/**
 * More cannot be altered at once: the controller would be held for long, and refuses more than
 * 10,000 changes anyway. What changes nothing is let through, as in Kafka, up to here.
 */
const RESOURCES_MAX = 20_000
const KEYS_MAX = 100_000

const DONE: Failure = { errorCode: code.NONE, errorMessage: null }

export interface ReceivedOptions<R extends Resource> {
  /** Whether this key stands without a value. */
  lacksValue (config: R['configs'][number]): boolean
  /**
   * The whole set of values that a broker would have afterwards, or what is wrong with the change.
   */
  brokerValues (resource: R): ConfigValues | Failure
  /**
   * KIP-412: changes this broker's loggers, or says why not. Left out: there is no such resource.
   */
  alterLoggers? (resource: R): Failure | undefined
  needs: Needs
}

/** What is settled here: the outcome of each resource that the controller is not asked for. */
export function received<R extends Resource> (
  resources: readonly R[], options: ReceivedOptions<R>
): Map<R, Failure> {
  const settled = new Map<R, Failure>()
  const keys = resources.reduce((sum, { configs }) => sum + configs.length, 0)
  if (resources.length > RESOURCES_MAX || keys > KEYS_MAX) {
    for (const resource of resources) settled.set(resource, tooManyRecords)
    return settled
  }
  const byKey = new Map<string, R[]>()
  for (const resource of resources) {
    const key = keyOf(resource)
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [resource])
    else same.push(resource)
  }
  for (const same of byKey.values()) {
    if (same.length === 1) continue
    const twice = failure(code.INVALID_REQUEST, 'Each resource must appear at most once.')
    for (const resource of same) settled.set(resource, twice)
  }
  for (const resource of resources) {
    if (settled.has(resource)) continue
    const outcome = outcomeOf(resource, options)
    if (outcome !== undefined) settled.set(resource, outcome)
  }
  return settled
}

function keyOf ({ resourceType: type, resourceName }: Resource | Row): string { return `${type}:${resourceName}` }

function outcomeOf<R extends Resource> (
  resource: R, options: ReceivedOptions<R>
): Failure | undefined {
  const { resourceType: type, configs } = resource
  const invalid = (text: string): Failure => failure(code.INVALID_REQUEST, text)
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return invalid('Error due to duplicate config keys')
  }
  const empty = configs.filter(config => options.lacksValue(config)).map(({ name }) => name)
  if (empty.length > 0) return invalid(`Null value not supported for : ${empty.join(', ')}`)
  switch (type) {
    case resourceType.TOPIC:
    case resourceType.CLIENT_METRICS:
    case resourceType.GROUP:
      return undefined
    case resourceType.BROKER:
      return brokerProblem(resource, options)
    case resourceType.BROKER_LOGGER:
      if (options.alterLoggers !== undefined) return options.alterLoggers(resource) ?? DONE
  }
  return invalid(`Unknown resource type ${type}`)
}

/** D13.11: the empty name stands for all brokers. */
function brokerProblem<R extends Resource> (
  resource: R, { brokerValues, needs: { configuration, metadata, nodeId } }: ReceivedOptions<R>
): Failure | undefined {
  const { resourceName: name } = resource
  if (name !== '') {
    const problem = nodeIdProblem(name, nodeId, (expected, given) =>
      `Unexpected broker id, expected ${expected}, but received ${given}`)
    if (problem !== undefined) return problem
  }
  const values = brokerValues(resource)
  return 'errorCode' in values ? values : configuration.alterProblem(name, values, metadata)
}

/** A name that is not this node's id. */
export function nodeIdProblem (
  name: string, nodeId: number, text: (expected: number, given: string) => string
): Failure | undefined {
  if (!/^[+-]?\d+$/.test(name)) return failure(code.INVALID_REQUEST, `Node id must be an integer, but it is: ${name}`)
  return Number(name) === nodeId ? undefined : failure(code.INVALID_REQUEST, text(nodeId, name))
}

/**
 * What was settled here and what the controller answered for the rest, in the order of the request.
 */
export async function answered<R extends Resource> (
  resources: readonly R[], settled: ReadonlyMap<R, Failure>,
  submit: (rest: R[]) => Promise<readonly Row[]>
): Promise<Row[]> {
  const rest = settled.size === resources.length
    ? []
    : resources.filter(resource => !settled.has(resource))
  const rows = rest.length === 0 ? [] : await submit(rest)
  const byKey = new Map(rows.map(row => [keyOf(row), row]))
  return resources.map(resource => {
    const { errorCode, errorMessage } = settled.get(resource) ?? byKey.get(keyOf(resource)) as Row
    return { errorCode, errorMessage, resourceType: resource.resourceType,
      resourceName: resource.resourceName }
  })
}
