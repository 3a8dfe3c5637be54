/** How many connections are let in: `max.connections` and its kin. */
import type { BrokerValues } from './table.ts'
import { brokerTable, settingNameOf } from './table.ts'
import { valueIn } from './value.ts'

type Get = <N extends keyof BrokerValues & string> (name: N) => BrokerValues[N]

const OF_LISTENER = /^listener\.name\.([^.]+)\.(.+)$/

/** listener.name.x.max.connections, or another such limit, by listener. */
export function listenerLimits (
  texts: ReadonlyMap<string, string>, key: 'max.connections' | 'max.connection.creation.rate'
): Map<string, number> {
  const limits = new Map<string, number>()
  for (const [name, text] of texts) {
    const [, listener, meant] = OF_LISTENER.exec(name) ?? []
    if (listener === undefined || meant !== key || settingNameOf(name) === undefined) continue
    limits.set(listener.toUpperCase(), Number(valueIn(brokerTable, key, text)))
  }
  return limits
}

const OVERRIDES = 'max.connections.per.ip.overrides'

/** Each entry is `host:count`; an address of IPv6 has colons of its own. */
export function addressLimits (get: Get): Map<string, number> {
  const limits = new Map<string, number>()
  for (const entry of entriesOf(get(OVERRIDES))) {
    const colon = entry.lastIndexOf(':')
    const count = Number(entry.slice(colon + 1))
    for (const address of addressesOf(entry.slice(0, colon).trim())) limits.set(address, count)
  }
  return limits
}

function entriesOf (text: string): string[] { return text.split(',').map(it => it.trim()).filter(it => it !== '') }

/** Names are not looked up; this one is known. */
function addressesOf (host: string): string[] {
  if (host === 'localhost') return ['127.0.0.1', '::1']
  return [host.replace(/^\[(.+)\]$/, '$1')]
}

/** What Kafka demands of these settings together. */
export function brokenConnections (get: Get): string[] {
  const wrong = entriesOf(get(OVERRIDES)).find(entry => !/^.+:\s*\d+$/.test(entry))
  if (wrong !== undefined) {
    return [`Invalid value ${wrong} for configuration ${OVERRIDES}: write each entry as host:count, ` +
      'for example 127.0.0.1:10']
  }
  return get('max.connections.per.ip') === 0 && get(OVERRIDES).trim() === ''
    ? [`max.connections.per.ip can be set to zero only if ${OVERRIDES} property is set.`]
    : []
}
