/** Settings out of the environment, by the rules of Kafka's container image. */

import { meant } from './meant.ts'

/** Variables of that image that speak to its scripts and to the JVM. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  'KAFKA_VERSION', 'KAFKA_HEAP_OPTS', 'KAFKA_LOG4J_OPTS', 'KAFKA_OPTS', 'KAFKA_JMX_OPTS',
  'KAFKA_JVM_PERFORMANCE_OPTS', 'KAFKA_GC_LOG_OPTS', 'KAFKA_LOG4J_ROOT_LOGLEVEL',
  'KAFKA_LOG4J_LOGGERS', 'KAFKA_TOOLS_LOG4J_LOGLEVEL', 'KAFKA_JMX_HOSTNAME', 'KAFKA_JMX_PORT',
])

const PREFIX = 'KAFKA_'

/** Undefined for a variable that is no setting. `_` is a dot, `__` an underscore, `___` a dash. */
export function settingOfVariable (variable: string): string | undefined {
  if (!variable.startsWith(PREFIX) || NOT_SETTINGS.has(variable)) return undefined
  // In exactly this order: what longer runs become follows from it.
  return variable.slice(PREFIX.length).toLowerCase()
    .replaceAll('_', '.').replaceAll('...', '-').replaceAll('..', '_')
}

export interface Variable { readonly variable: string, readonly text: string }

/** Setting → the variable it came from and its value. */
export function readEnvironment (
  environment: Readonly<Record<string, string | undefined>>
): Map<string, Variable> {
  const found = new Map<string, Variable>()
  for (const variable of Object.keys(environment).sort()) {
    const name = settingOfVariable(variable)
    const text = environment[variable]
    if (name !== undefined && name !== '' && text !== undefined) found.set(name, { variable, text })
  }
  return found
}

const ADVERTISED = 'advertised.listeners'

/**
 * What the scripts of those images make of the variables before Kafka sees them: a node whose roles
 * are given, and which is told what to advertise but not where to listen, listens on the same ports
 * of every address; a controller advertises nothing. Throws an Error that says what to change.
 */
export function applyImageRules (variables: Map<string, Variable>): void {
  const roles = textOf(variables, 'process.roles')
  const advertised = variables.get(ADVERTISED)
  if (roles === 'controller') {
    if (textOf(variables, ADVERTISED) !== '') {
      throw new Error(`${advertised?.variable} is not supported on a KRaft controller: leave it out`)
    }
    variables.delete(ADVERTISED)
  } else if (roles !== '' && advertised !== undefined && textOf(variables, 'listeners') === '') {
    const text = textOf(variables, ADVERTISED).replaceAll(/:\/\/(?:\[[^\]]*\]|[^:,]*):/g, '://0.0.0.0:')
    variables.set('listeners', { variable: advertised.variable, text })
  }
}

function textOf (variables: ReadonlyMap<string, Variable>, name: string): string {
  return meant(variables.get(name)?.text) ?? ''
}
