/** How a coordinator's operation fails, and how clients are told (groups 2, error mapping). */
import { code, errorName } from '../../../protocol/errors.ts'

/** The operation was not done, or nobody knows whether its records will be committed. */
export class CoordinatorError extends Error {
  /** As it came up: see `clientError`. */
  readonly errorCode: number

  constructor (errorCode: number, options?: ErrorOptions) {
    super(errorName(errorCode), options)
    this.name = 'CoordinatorError'
    this.errorCode = errorCode
  }
}

/** The code that an error brought along; anything else is a bug of ours. */
export function errorCodeOf (error: unknown): number {
  const { errorCode } = error as { errorCode?: unknown }
  return typeof errorCode === 'number' ? errorCode : code.UNKNOWN_SERVER_ERROR
}

const toClient = new Map<number, number>([
  [code.UNKNOWN_TOPIC_OR_PARTITION, code.COORDINATOR_NOT_AVAILABLE],
  [code.NOT_ENOUGH_REPLICAS, code.COORDINATOR_NOT_AVAILABLE],
  [code.REQUEST_TIMED_OUT, code.COORDINATOR_NOT_AVAILABLE],
  [code.NOT_LEADER_OR_FOLLOWER, code.NOT_COORDINATOR],
  [code.KAFKA_STORAGE_ERROR, code.NOT_COORDINATOR],
  [code.MESSAGE_TOO_LARGE, code.UNKNOWN_SERVER_ERROR],
  [code.RECORD_LIST_TOO_LARGE, code.UNKNOWN_SERVER_ERROR],
  [code.INVALID_FETCH_SIZE, code.UNKNOWN_SERVER_ERROR],
  [code.NETWORK_EXCEPTION, code.COORDINATOR_LOAD_IN_PROGRESS],
])

/** What clients see instead of the partition's own error: they look for the coordinator again. */
export function clientError (errorCode: number): number {
  return toClient.get(errorCode) ?? errorCode
}

/** OffsetFetch that has to be stable does not know COORDINATOR_NOT_AVAILABLE. */
export function stableFetchError (errorCode: number): number {
  const mapped = clientError(errorCode)
  const unavailable = mapped === code.COORDINATOR_NOT_AVAILABLE && mapped !== errorCode
  return unavailable ? code.NOT_COORDINATOR : mapped
}
