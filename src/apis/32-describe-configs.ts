/**
 * DescribeConfigs v0-4 (D13.1-8, KIP-133). Kafka 4 lists v1 and above.
 *
 * v1: source and synonyms (KIP-226) instead of one flag. v3: type and documentation (KIP-569).
 */
import { configSource } from '../../protocol/config-source.ts'
import { code, errorText, KafkaError } from '../../protocol/errors.ts'
import { DescribeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import type { DescribeConfigsRequest, DescribeConfigsResponse } from '../../protocol/messages/32-describe-configs.ts'
import { resourceType } from '../core/metadata/configs.ts'
import { failure } from '../core/controller/failure.ts'
import type { Failure } from '../core/controller/failure.ts'
import { topicNameProblem } from '../core/metadata/topic-name.ts'
import type { Broker, DescribedConfig } from './broker.ts'
import { deniedConfigs } from './config-access.ts'
import { ConfigDescriptions } from './config-descriptions.ts'
import { handler } from './handler.ts'
import { Turns } from './turns.ts'

type Needs = Pick<Broker, 'access' | 'configuration' | 'environment' | 'loggers' | 'metadata' | 'nodeId'>
type Resource = DescribeConfigsRequest['resources'][number]
type Result = DescribeConfigsResponse['results'][number]
type Row = Result['configs'][number]
type Wanted = Pick<DescribeConfigsRequest, 'includeSynonyms' | 'includeDocumentation'>

const TYPES: ReadonlySet<number> = new Set(Object.values(resourceType))
/** Kafka leaves the message of a row without an exception at its empty default. */
const NO_MESSAGE = ''
const TOO_MANY = 'The request asks for too many descriptions at once.'

export const describeConfigs =
  handler(DescribeConfigs, { versions: [0, 4], advertised: [1, 4], failed },
    async (request, { session }, needs: Needs) => {
      const unknown = request.resources.find(({ resourceType: type }) => !TYPES.has(type))
      // D13.1: one such type fails all of it.
      if (unknown !== undefined) throw new KafkaError(code.INVALID_REQUEST)
      const described: Result[] = []
      const denied: Result[] = []
      const descriptions = new ConfigDescriptions<Row>()
      const turns = new Turns(needs.environment)
      for (const resource of request.resources) {
        await turns.next()
        const refusal = deniedConfigs(needs.access, session, 'describeConfigs', resource.resourceType, resource.resourceName)
        if (refusal === undefined) described.push(resultOf(resource, request, descriptions, needs))
        else denied.push(refused(resource, refusal))
      }
      return { results: [...described, ...denied] }
    })

function failed ({ resources }: DescribeConfigsRequest, { errorCode }: KafkaError) {
  return { results: resources.map(
    resource => refused(resource, { errorCode, errorMessage: errorText(errorCode) })
  ) }
}

function refused (
  { resourceType, resourceName }: Resource, { errorCode, errorMessage }: Failure
): Result {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
}

function resultOf (
  resource: Resource, wanted: Wanted, descriptions: ConfigDescriptions<Row>, needs: Needs
): Result {
  const { resourceType: type, resourceName, configurationKeys } = resource
  const problem = problemOf(type, resourceName, needs)
  if (problem !== undefined) return refused(resource, problem)
  // D13.5: no keys at all ask for all; those that are not there are left out.
  const keys = new Set(configurationKeys ?? [])
  const configs = descriptions.rows(type, resourceName, () => type === resourceType.BROKER_LOGGER
    ? loggerRows(needs)
    : needs.configuration.describe(type, resourceName, needs.metadata).map(
      config => rowOf(config, wanted)
    ),
  ({ name }) => keys.size === 0 || keys.has(name))
  if (configs === undefined) return refused(resource, failure(code.INVALID_REQUEST, TOO_MANY))
  return {
    errorCode: code.NONE, errorMessage: NO_MESSAGE, resourceType: type, resourceName, configs,
  }
}

/** D13.2-4: whether there is anything to describe here. */
function problemOf (type: number, name: string, { metadata, nodeId }: Needs): Failure | undefined {
  const invalid = (text: string): Failure => failure(code.INVALID_REQUEST, text)
  switch (type) {
    case resourceType.TOPIC: {
      const problem = topicNameProblem(name)
      if (problem !== undefined) return failure(code.INVALID_TOPIC_EXCEPTION, problem)
      return metadata.topics.find(name) === undefined
        ? { errorCode: code.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: NO_MESSAGE }
        : undefined
    }
    case resourceType.BROKER:
    case resourceType.BROKER_LOGGER: {
      const isLogger = type === resourceType.BROKER_LOGGER
      if (name === '') return isLogger ? invalid('Broker id must not be empty') : undefined
      if (!/^[+-]?\d+$/.test(name)) return invalid(`Broker id must be an integer, but it is: ${name}`)
      if (Number(name) === nodeId) return undefined
      return invalid(`Unexpected broker id, expected ${nodeId}${isLogger ? '' : ' or empty string,'} but received ${name}`)
    }
    case resourceType.CLIENT_METRICS:
      return name === '' ? invalid('Client metrics subscription name must not be empty') : undefined
    default:
      return name === '' ? invalid('Group name must not be empty') : undefined
  }
}

function rowOf (config: DescribedConfig, { includeSynonyms, includeDocumentation }: Wanted): Row {
  const { name, value, readOnly, source, sensitive, synonyms, type, documentation } = config
  return {
    name,
    value,
    readOnly,
    configSource: source,
    isDefault: source === configSource.DEFAULT,
    isSensitive: sensitive,
    synonyms: includeSynonyms
      ? synonyms.map(it => ({ name: it.name, value: it.text, source: it.source }))
      : [],
    configType: type,
    documentation: includeDocumentation ? documentation : null,
  }
}

/** D13.4: loggers have neither type nor documentation. */
function loggerRows ({ loggers }: Needs): Row[] {
  return loggers.all.map(([name, level]) => ({
    name,
    value: level,
    readOnly: false,
    configSource: configSource.BROKER_LOGGER,
    isDefault: false,
    isSensitive: false,
    synonyms: [],
    configType: 0,
    documentation: '',
  }))
}
