/** What travels as bytes inside other messages: subscriptions, assignments, principals. */
import { NEVER, message, array, bool, bytes, int32, list, nullable, or, since, string } from '../types.ts'
import type { Message, MessageOf } from '../types.ts'

export const ConsumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  flexible: NEVER,
  fields: {
    assignedPartitions: list({
      topic: string,
      partitions: array(int32),
    }),
    userData: or(nullable(bytes), null),
  },
})
export interface ConsumerProtocolAssignment extends MessageOf<typeof ConsumerProtocolAssignment> {}

export const ConsumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  flexible: NEVER,
  fields: {
    topics: array(string),
    userData: or(nullable(bytes), null),
    ownedPartitions: since(1, list({
      topic: string,
      partitions: array(int32),
    })),
    generationId: since(2, int32, -1),
    rackId: since(3, nullable(string), null),
  },
})
export interface ConsumerProtocolSubscription
  extends MessageOf<typeof ConsumerProtocolSubscription> {}

export const DefaultPrincipalData = message({
  name: 'DefaultPrincipalData',
  versions: [0, 0],
  flexible: 0,
  fields: {
    type: string,
    name: string,
    tokenAuthenticated: bool,
  },
})
export interface DefaultPrincipalData extends MessageOf<typeof DefaultPrincipalData> {}

export const payloads: readonly Message[] = [
  ConsumerProtocolAssignment, ConsumerProtocolSubscription, DefaultPrincipalData,
]
