/**
 * IncrementalAlterConfigs v0-1 (D13.9-17, KIP-339): sets, deletes, appends and subtracts; this
 * broker's loggers too, which are not stored (KIP-412).
 *
 * The versions differ in their encoding only.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { IncrementalAlterConfigsRequest } from '../../protocol/messages/44-incremental-alter-configs.ts'
import { changedList, incrementalAlterConfigs as decide, operation } from '../core/controller/alter-configs.ts'
import { failure } from '../core/controller/failure.ts'
import type { Failure } from '../core/controller/failure.ts'
import { resourceType } from '../core/metadata/configs.ts'
import type { ConfigValues } from '../core/metadata/configs.ts'
import type { Broker } from './broker.ts'
import { deniedConfigs } from './config-access.ts'
import { answered, nodeIdProblem, received } from './config-changes.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'configuration' | 'controller' | 'loggers' | 'metadata' | 'nodeId'>
type Resource = IncrementalAlterConfigsRequest['resources'][number]

const { SET, DELETE, APPEND, SUBTRACT } = operation

export const incrementalAlterConfigs =
  handler(IncrementalAlterConfigs, { versions: [0, 1], failed },
    async ({ resources, validateOnly }, call, needs: Needs) => {
      const { access, controller } = needs
      const settled = received(resources, {
        lacksValue: ({ configOperation, value }) => configOperation !== DELETE && value === null,
        brokerValues: resource => brokerValues(resource, needs),
        alterLoggers: resource => alterLoggers(resource, validateOnly, call, needs),
        needs,
      })
      const responses = await answered(resources, settled, async rest => {
        const { reply } =
          await controller.submit(view => decide({ resources: rest, validateOnly }, view,
            (type, name) => deniedConfigs(access, call.session, 'alterConfigs', type, name)))
        return reply.responses as Awaited<ReturnType<typeof answered>>
      })
      return { responses }
    })

function failed ({ resources }: IncrementalAlterConfigsRequest, { errorCode, text }: KafkaError) {
  return {
    responses: resources.map(({ resourceType, resourceName }) =>
      ({ errorCode, errorMessage: text, resourceType, resourceName })),
  }
}

/** D13.11: what the broker, or all brokers, would have stored afterwards. */
function brokerValues (
  { resourceName, configs }: Resource, { configuration, metadata }: Needs
): ConfigValues | Failure {
  const values = new Map(configuration.storedValues(resourceName, metadata))
  for (const { name, configOperation, value } of configs) {
    switch (configOperation) {
      case SET:
        values.set(name, value ?? '')
        break
      case DELETE:
        values.delete(name)
        break
      case APPEND:
      case SUBTRACT: {
        const isList = configuration.isList(name)
        if (isList === undefined) return failure(code.INVALID_CONFIG, `Unknown config name: ${name}`)
        const verb = configOperation === APPEND ? 'append' : 'subtract'
        if (!isList) return failure(code.INVALID_CONFIG, `Config value ${verb} is not allowed for config key: ${name}`)
        const before = values.get(name) ?? configuration.builtInDefault(name)
        values.set(name, changedList(configOperation, before, value ?? ''))
        break
      }
      default:
        return failure(code.INVALID_REQUEST, `Unknown operations type ${configOperation}`)
    }
  }
  return values
}

/** D13.10 */
function alterLoggers (
  { resourceName, configs }: Resource, validateOnly: boolean, { session }: Call,
  { access, loggers, nodeId }: Needs
): Failure | undefined {
  const denied = deniedConfigs(access, session, 'alterConfigs', resourceType.BROKER_LOGGER, resourceName)
  if (denied !== undefined) return denied
  const elsewhere = nodeIdProblem(resourceName, nodeId, (expected, given) =>
    `Unexpected node id. Expected ${expected}, but received ${given}`)
  if (elsewhere !== undefined) return elsewhere
  for (const config of configs) {
    const problem = loggerProblem(config, loggers)
    if (problem !== undefined) return problem
  }
  if (!validateOnly) for (const { name, value } of configs) loggers.set(name, value ?? '')
  return undefined
}

function loggerProblem (
  { name, configOperation, value }: Resource['configs'][number], loggers: Needs['loggers']
): Failure | undefined {
  const notAllowed = (what: string): Failure =>
    failure(code.INVALID_REQUEST, `${what} is not allowed for the BROKER_LOGGER resource`)
  switch (configOperation) {
    case SET:
    case DELETE:
      break
    case APPEND:
      return notAllowed('APPEND operation')
    case SUBTRACT:
      return notAllowed('SUBTRACT operation')
    default:
      return notAllowed(`Unknown operation type ${configOperation}`)
  }
  if (!loggers.has(name)) return failure(code.INVALID_CONFIG, `Logger ${name} does not exist!`)
  if (configOperation === DELETE) {
    return failure(code.INVALID_REQUEST, `Removing the log level of the ${name} logger is not allowed`)
  }
  if (loggers.isLevel(value)) return undefined
  return failure(code.INVALID_CONFIG, `Cannot set the log level of ${name} to ${value} as it is not a supported ` +
    `log level. Valid log levels are ${loggers.levels.join(', ')}`)
}
