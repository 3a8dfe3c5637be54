/** Compares one golden vector of a message or a stored record with our codec. */
import { decode, encode } from '../../protocol/codec.ts'
import { headers } from '../../protocol/frame.ts'
import { apis } from '../../protocol/index.ts'
import { fromJson, toJson } from '../../protocol/json.ts'
import type { Json } from '../../protocol/json.ts'
import { groupRecords } from '../../protocol/stored/groups.ts'
import { metadataRecords } from '../../protocol/stored/metadata.ts'
import { payloads } from '../../protocol/stored/payloads.ts'
import { raftRecords } from '../../protocol/stored/raft.ts'
import { shareRecords } from '../../protocol/stored/share.ts'
import { storageRecords } from '../../protocol/stored/storage.ts'
import { transactionRecords } from '../../protocol/stored/transactions.ts'
import type { Message } from '../../protocol/types.ts'

export interface MessageVector {
  api?: string
  name?: string
  type: string
  version: number
  variant: string
  json: Json
  hex: string
  framing?: string
  framedHex?: string
}

const messages = new Map<string, Message>()
for (const api of apis) {
  messages.set(`request ${api.name}`, api.request)
  messages.set(`response ${api.name}`, api.response)
}
for (const message of headers) messages.set(`header ${message.name}`, message)
for (const message of metadataRecords) messages.set(`metadata ${message.name}`, message)
for (const message of [...payloads, ...raftRecords]) messages.set(`data ${message.name}`, message)
for (const message of storageRecords) {
  messages.set(`data ${message.name}`, message)
  messages.set(`metadata ${message.name}`, message)
}
for (const { key, value } of [...groupRecords, ...shareRecords, ...transactionRecords]) {
  messages.set(`coordinator-key ${key.name}`, key)
  messages.set(`coordinator-value ${value.name}`, value)
}

/** Every message that ottla knows, by kind and name. */
export const knownMessages: ReadonlyMap<string, Message> = messages

export function messageOf (vector: MessageVector): Message {
  const name = `${vector.type} ${vector.api ?? vector.name}`
  const found = messages.get(name) ?? messages.get(name.replace('ListConfigResources', 'ListClientMetricsResources'))
  if (found === undefined) throw new Error(`no message ${name}`)
  return found
}

/** What differs between the vector and us, in words; empty when nothing does. */
export function compareMessage (vector: MessageVector): string[] {
  const differences: string[] = []
  const message = messageOf(vector)
  const attempt = (what: string, compare: () => string | undefined): void => {
    try {
      const difference = compare()
      if (difference !== undefined) differences.push(`${what}: ${difference}`)
    } catch (error) {
      differences.push(`${what}: ${String(error)}`)
    }
  }
  attempt('decode', () => {
    const json = toJson(message, vector.version, decode(message, vector.version, Buffer.from(vector.hex, 'hex')))
    const [ours, theirs] = [canonical(json), canonical(vector.json)]
    return ours === theirs ? undefined : `${ours}\n  expected ${theirs}`
  })
  // Unknown tags cannot be written again: those vectors are for reading.
  if (vector.variant !== 'unknown-tags') {
    attempt('encode', () => {
      const hex = encode(message, vector.version, fromJson(message, vector.version, vector.json)).toString('hex')
      return hex === vector.hex ? undefined : `${hex}\n  expected ${vector.hex}`
    })
  }
  return differences
}

/** Keys in order, so that two objects with the same content have the same text. */
function canonical (json: Json | undefined): string {
  return JSON.stringify(json, (_key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
      : value)
}
