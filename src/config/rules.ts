/**
 * What Kafka demands of settings beyond what each is by itself: of several together, and of those
 * whose default stands behind another name. In the order in which Kafka looks at them.
 */
import { brokenConnections } from './connections.ts'
import type { BrokerValues } from './table.ts'
import { familyValue } from './family.ts'

export type Get = <N extends keyof BrokerValues & string> (name: N) => BrokerValues[N]

export interface Broken {
  /** Names the settings, what they are, and what is allowed. */
  readonly text: string
  /** As Kafka tells it over the wire, where that is another text. */
  readonly wireText: string
}

/** Scala's `require` says that before its text. */
const required = (text: string): Broken => ({ text, wireText: `requirement failed: ${text}` })

export function brokenRules (get: Get): Broken[] {
  return [
    ...brokenGroups(get),
    ...brokenIds(get),
    ...brokenTimes(get),
    ...brokenDirectories(get),
    ...brokenSizes(get),
    ...brokenConnections(get).map(required),
    ...brokenPrincipals(get),
  ]
}

function brokenIds (get: Get): Broken[] {
  const [nodeId, brokerId] = [get('node.id'), get('broker.id')]
  return brokerId === -1 || brokerId === nodeId
    ? []
    : [required('You must set `node.id` to the same value as `broker.id`: ' + `they are ${nodeId} and ${brokerId}.`)]
}

function brokenTimes (get: Get): Broken[] {
  const least = (name: string, value: number): Broken[] => {
    const given = familyValue(get, name)
    return given === null || given >= BigInt(value)
      ? []
      : [required(`${name} must be greater than or equal to ${value}`)]
  }
  const retention = familyValue(get, 'log.retention.ms') === 0n
    ? [required('log.retention.ms must be unlimited (-1) or, greater than or equal to 1')]
    : []
  return [...least('log.roll.ms', 1), ...least('log.roll.jitter.ms', 0), ...retention]
}

/** KIP-1066: only what there is can be cordoned; `*` stands for all of it. */
function brokenDirectories (get: Get): Broken[] {
  const cordoned = get('cordoned.log.dirs')
  if (cordoned.includes('*') && cordoned.length > 1) {
    return [required('When cordoned.log.dirs is set to *, it must not contain other values')]
  }
  const directories = [...get('log.dirs') ?? get('log.dir'), '*']
  const missing = cordoned.filter(path => !directories.includes(path))
  return missing.length === 0
    ? []
    : [required('All entries in cordoned.log.dirs must be present in log.dirs or log.dir. ' +
      `Missing entries : ${missing.join(', ')}`)]
}

/** What plug-ins do nobody can tell here, but those of Java itself build no principals. */
function brokenPrincipals (get: Get): Broken[] {
  return /^javax?\./.test(get('principal.builder.class'))
    ? [required('principal.builder.class must implement KafkaPrincipalSerde')]
    : []
}

const MEGABYTE = 1_048_576n

function brokenSizes (get: Get): Broken[] {
  const broken: Broken[] = []
  const cleaners = BigInt(get('log.cleaner.threads'))
  // Without a cleaner there is nothing to divide by; Kafka divides nevertheless.
  if (cleaners > 0n && get('log.cleaner.dedupe.buffer.size') / cleaners <= MEGABYTE) {
    broken.push(required('log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.'))
  }
  const waitMs = get('replica.fetch.wait.max.ms')
  if (waitMs > get('replica.socket.timeout.ms')) {
    broken.push(required('replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms' +
      ' to prevent unnecessary socket timeouts'))
  }
  if (BigInt(waitMs) > get('replica.lag.time.max.ms')) {
    broken.push(required('replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms' +
      ' to prevent frequent changes in ISR'))
  }
  const queued = get('queued.max.request.bytes')
  if (queued > 0n && queued < BigInt(get('socket.request.max.bytes'))) {
    broken.push(required('queued.max.request.bytes must be larger or equal to socket.request.max.bytes'))
  }
  return broken
}

function brokenGroups (get: Get): Broken[] {
  const broken: Broken[] = []
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    for (const what of ['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms'] as const) {
      const name = `group.${kind}.${what}` as const
      const minName = `group.${kind}.min.${what}` as const
      const maxName = `group.${kind}.max.${what}` as const
      const [value, min, max] = [get(name), get(minName), get(maxName)]
      if (value >= min && value <= max) continue
      broken.push({
        text: `${name}=${value} must lie between ${minName} (${min}) and ${maxName} (${max}): set those as well`,
        wireText: value < min
          ? `${name} must be greater than or equal to ${minName}`
          : `${name} must be less than or equal to ${maxName}`,
      })
    }
  }
  return broken
}
