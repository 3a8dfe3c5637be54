/**
 * What is assumed where nobody said anything and Kafka's own default would keep a single node from
 * working (design 6). One function, each assumption with its reason.
 */
import type { Given } from './sources.ts'

export type Assumed = ReadonlyMap<string, string>

/** The listener that nobody sees but the controllers themselves. */
const CONTROLLER_LISTENER = 'CONTROLLER'
const CONTROLLER_PORT = 9093

const INTERNAL_FACTORS: readonly (readonly [name: string, value: string])[] = [
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['transaction.state.log.min.isr', '1'],
  ['share.coordinator.state.topic.replication.factor', '1'],
  ['share.coordinator.state.topic.min.isr', '1'],
]

/** Setting → text, for settings that are not given. */
export function assumptions (given: ReadonlyMap<string, Given>): Assumed {
  const assumed = new Map<string, string>()
  const has = (name: string): boolean => given.has(name)
  const assume = (name: string, text: string): void => { if (!has(name)) assumed.set(name, text) }
  const textOf = (name: string): string => given.get(name)?.text ?? assumed.get(name) ?? ''

  // Kafka refuses to start without these; a program that starts alone is all roles in one.
  assume('process.roles', 'broker,controller')
  // Kafka 3 and its images know the node by broker.id, and the two must be equal anyway.
  assume('node.id', has('broker.id') && textOf('broker.id').trim() !== '-1' ? textOf('broker.id') : '1')
  // Kafka fills in the one from the other, and tools still ask a broker for this name.
  assume('broker.id', textOf('node.id'))
  assume('controller.listener.names', CONTROLLER_LISTENER)
  // Beside the program, not in /tmp, where data is gone after the next start of the machine.
  if (!has('log.dir')) assume('log.dirs', './data')
  assumeController(given, assume, textOf)

  if (textOf('ottla.strict').trim().toLowerCase() === 'true' || !isSingleNode(given)) return assumed
  // Nobody else can join, so a factor above one could never be met; Kafka's default of 3 is for
  // clusters, and with it a single node would serve no group and no transaction.
  for (const [name, text] of INTERNAL_FACTORS) assume(name, text)
  // The delay gathers consumers that start together; alone on a desk it only makes people wait.
  assume('group.initial.rebalance.delay.ms', '0')
  return assumed
}

/** One node that is broker and controller, with no other voter and nobody to find. */
export function isSingleNode (given: ReadonlyMap<string, Given>): boolean {
  const elements = (name: string): string[] =>
    (given.get(name)?.text ?? '').split(',').map(it => it.trim()).filter(it => it !== '')
  const roles = elements('process.roles')
  const both = roles.length === 0 || (roles.includes('broker') && roles.includes('controller'))
  return both && elements('controller.quorum.voters').length <= 1 &&
    elements('controller.quorum.bootstrap.servers').length <= 1
}

/** A controller's listener needs a protocol, and its quorum a voter, however short the file is. */
function assumeController (
  given: ReadonlyMap<string, Given>, assume: (name: string, text: string) => void,
  textOf: (name: string) => string
): void {
  if (!textOf('process.roles').includes('controller')) return
  const names = textOf('controller.listener.names').split(',').map(it => it.trim().toUpperCase())
  const unmapped = names.filter(name => name !== '' && !PROTOCOLS.includes(name))
  // Kafka maps the listeners named like protocols by itself, and as of 4.0 the controller's as
  // well.
  assume('listener.security.protocol.map',
    [...unmapped.map(name => `${name}:PLAINTEXT`), ...PROTOCOLS.map(name => `${name}:${name}`)].join(','))
  if (given.has('controller.quorum.bootstrap.servers')) return
  assume('controller.quorum.voters', `${textOf('node.id').trim()}@localhost:${CONTROLLER_PORT}`)
}

const PROTOCOLS: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
