/** Who may do what. Handlers ask here before they look at anything (D0.5). */

export type ResourceType = 'topic' | 'group' | 'cluster' | 'transactionalId'

export type Operation =
  | 'read' | 'write' | 'create' | 'delete' | 'alter' | 'describe' | 'clusterAction'
  | 'describeConfigs' | 'alterConfigs' | 'idempotentWrite'

/** Kafka's operation codes: bit n of an authorized-operations field stands for code n. */
const OPERATION_CODES: Record<Operation, number> = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
}

const SUPPORTED: Record<ResourceType, readonly Operation[]> = {
  topic: ['read', 'write', 'create', 'describe', 'delete', 'alter', 'describeConfigs', 'alterConfigs'],
  group: ['read', 'describe', 'delete', 'describeConfigs', 'alterConfigs'],
  cluster: ['create', 'clusterAction', 'describeConfigs', 'alterConfigs', 'idempotentWrite', 'alter', 'describe'],
  transactionalId: ['describe', 'write'],
}

export interface Client { readonly principal: string, readonly remoteAddress: string }

export interface Access {
  allows (client: Client, operation: Operation, type: ResourceType, name: string): boolean
}

export const CLUSTER_NAME = 'kafka-cluster'

/** The value of an authorized-operations field that nobody asked for. */
export const NOT_ASKED = -2147483648

/** D2.13: the operations that this client may do, as a bit field. */
export function authorizedOperations (
  access: Access, client: Client, type: ResourceType, name: string
): number {
  let bits = 0
  for (const operation of SUPPORTED[type]) {
    if (access.allows(client, operation, type, name)) bits |= 1 << OPERATION_CODES[operation]
  }
  return bits
}

/** D0.5: with no authorizer everything is allowed. */
export const everybodyMayEverything: Access = { allows: () => true }
