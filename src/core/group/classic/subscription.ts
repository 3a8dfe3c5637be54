/** Which topics the members of a group of type `consumer` read, from their opaque metadata. */
import { codec } from '../../../../protocol/codec.ts'
import { DecodeError, Reader } from '../../../../protocol/cursor.ts'
import { ConsumerProtocolSubscription } from '../../../../protocol/stored/payloads.ts'

/** The protocol type of consumers' groups. */
export const CONSUMER = 'consumer'

/**
 * The topics of all these subscriptions, or undefined when one of them does not parse. Version 0 is
 * the beginning of every later version, so clients newer than the broker are understood.
 */
export function subscribedTopics (subscriptions: Iterable<Buffer>): Set<string> | undefined {
  const topics = new Set<string>()
  try {
    for (const bytes of subscriptions) {
      const reader = new Reader(bytes)
      if (reader.int16() < 0) return undefined
      const { topics: names } = codec(ConsumerProtocolSubscription, 0).read(reader)
      for (const name of names) topics.add(name)
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
  return topics
}
