/** Settings out of the environment, by the rules of Kafka's container image. */

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

/** Setting → the variable it came from and its value. */
export function readEnvironment (
  environment: Readonly<Record<string, string | undefined>>
): Map<string, { readonly variable: string, readonly text: string }> {
  const found = new Map<string, { variable: string, text: string }>()
  for (const variable of Object.keys(environment).sort()) {
    const name = settingOfVariable(variable)
    const text = environment[variable]
    if (name !== undefined && name !== '' && text !== undefined) found.set(name, { variable, text })
  }
  return found
}
