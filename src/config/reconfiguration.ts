/**
 * What the parts of a running broker say to a change of its settings (D13.11), in Kafka's words:
 * thread pools grow or shrink by a factor of two at most, and what is kept locally is no more than
 * what is kept. Threads mean nothing here, but tools rely on the answers.
 */
import type { Settings } from './config.ts'
import { listenerLimits } from './connections.ts'
import { familyValue } from './family.ts'

/** Undefined if nothing is wrong. */
export function reconfigurationProblem (before: Settings, after: Settings): string | undefined {
  const problem = connectionsProblem(before, after) ?? reportersProblem(before, after) ??
    threadsProblem(before, after) ?? cleanerProblem(before, after) ?? localRetentionProblem(after)
  if (problem !== undefined) {
    return `Invalid value org.apache.kafka.common.config.ConfigException: ${problem} for configuration ` +
      'Invalid dynamic configuration'
  }
  return listenersProblem(before, after)
}

const REPORTER = 'org.apache.kafka.common.metrics.JmxReporter'

/** Kafka has one reporter, and tells what else was to be changed with those that it cannot make. */
function reportersProblem (before: Settings, after: Settings): string | undefined {
  const wanted = after.get('metric.reporters')
  if (String(wanted) === String(before.get('metric.reporters')) || wanted.every(name => name === REPORTER)) return undefined
  const changed = [...after.staticTexts.keys()]
    .filter(name => before.staticTexts.get(name) !== after.staticTexts.get(name))
  return `Validation of dynamic config update of Set(${changed.join(', ')}) failed with class ` +
    'class kafka.server.DynamicMetricsReporters'
}

/** Nobody could undo what lets nobody in; also of a single listener. */
function connectionsProblem (before: Settings, after: Settings): string | undefined {
  for (const key of ['max.connections', 'max.connection.creation.rate'] as const) {
    const [now, wanted] = [before, after].map(({ get, staticTexts }) =>
      [get(key), ...listenerLimits(staticTexts, key).values()]) as [number[], number[]]
    if (wanted.includes(0) && !now.includes(0)) return `Invalid ${key} 0`
  }
  return undefined
}

const THREADS = [
  'background.threads', 'num.io.threads', 'num.network.threads', 'num.recovery.threads.per.data.dir',
  'num.replica.fetchers', 'remote.log.manager.copier.thread.pool.size',
  'remote.log.manager.expiration.thread.pool.size', 'remote.log.manager.follower.thread.pool.size',
  'remote.log.reader.threads',
] as const

function threadsProblem (before: Settings, after: Settings): string | undefined {
  for (const name of THREADS) {
    const [now, wanted] = [before.get(name), after.get(name)]
    if (wanted === now) continue
    const what = `Dynamic thread count update validation failed for ${name}=${wanted}`
    if (wanted < Math.floor(now / 2)) return `${what}, value should be at least half the current value ${now}`
    if (wanted > now * 2) return `${what}, value should not be greater than double the current value ${now}`
  }
  return undefined
}

function cleanerProblem (before: Settings, after: Settings): string | undefined {
  const [now, wanted] = [before.get('log.cleaner.threads'), after.get('log.cleaner.threads')]
  if (wanted === now) return undefined
  if (wanted < 1) return 'Log cleaner threads should be at least 1'
  if (wanted < Math.floor(now / 2)) {
    return `Log cleaner threads cannot be reduced to less than half the current value ${now}`
  }
  return wanted > now * 2
    ? `Log cleaner threads cannot be increased to more than double the current value ${now}`
    : undefined
}

const AS_RETENTION = -2n
const FOREVER = -1n

function localRetentionProblem ({ get }: Settings): string | undefined {
  const pairs = [
    ['log.local.retention.ms', 'log.retention.ms', familyValue(get, 'log.retention.ms') ?? FOREVER],
    ['log.local.retention.bytes', 'log.retention.bytes', get('log.retention.bytes')],
  ] as const
  for (const [localName, name, whole] of pairs) {
    const local = get(localName)
    if (whole === FOREVER || local === AS_RETENTION) continue
    const wrong = `Invalid value ${local} for configuration ${localName}: Value must not be`
    if (local === FOREVER) return `${wrong} -1 as ${name} value is set as ${whole}.`
    if (local > whole) return `${wrong} more than ${name} property value: ${whole}`
  }
  return undefined
}

/** Sockets are opened at the start only. */
function listenersProblem (before: Settings, after: Settings): string | undefined {
  for (const name of ['listeners', 'listener.security.protocol.map'] as const) {
    const [now, wanted] = [String(before.get(name)), String(after.get(name))]
    if (wanted !== now) {
      return `Invalid value ${wanted} for configuration ${name}: this broker listens as it was started, with ` +
        `${now}. Change its file and start it again.`
    }
  }
  return undefined
}
