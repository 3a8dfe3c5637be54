/** Failures as one line that says what to do. */
import { DecodeError } from '../../protocol/cursor.ts'
import { code, errorName, KafkaError } from '../../protocol/errors.ts'
import { RecordError } from '../../protocol/records/error.ts'
import { ClientError } from '../client/error.ts'

/** The command line asks for something that makes no sense: exit code 2. */
export class UsageError extends Error { override name = 'UsageError' }

/**
 * The command could not do all that it was asked for: exit code 1. Each line says one thing that
 * failed.
 */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly lines: readonly string[]

  constructor (...lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

const REMEDIES: Readonly<Record<number, string>> = {
  [code.UNKNOWN_TOPIC_OR_PARTITION]: 'see "ottla topics list"',
  [code.INVALID_TOPIC_EXCEPTION]: 'a name has at most 249 letters, digits, dots, underscores and hyphens',
  [code.TOPIC_ALREADY_EXISTS]: 'add --if-not-exists to let it be',
  [code.GROUP_ID_NOT_FOUND]: 'see "ottla groups list"',
  [code.NON_EMPTY_GROUP]: 'stop its members first',
  [code.GROUP_SUBSCRIBED_TO_TOPIC]: 'stop the members that read it first',
  [code.COORDINATOR_NOT_AVAILABLE]: 'the broker is still starting or cannot make __consumer_offsets: see its log',
  [code.LEADER_NOT_AVAILABLE]: 'see "ottla topics describe" for partitions without a leader',
  [code.MESSAGE_TOO_LARGE]: 'raise max.message.bytes of the topic, or send smaller records',
  [code.TOPIC_AUTHORIZATION_FAILED]: 'this user needs a right to the topic',
  [code.GROUP_AUTHORIZATION_FAILED]: 'this user needs a right to the group',
  [code.CLUSTER_AUTHORIZATION_FAILED]: 'this user needs a right to the cluster',
  [code.OFFSET_OUT_OF_RANGE]: 'see "ottla offsets" for what is there',
}

/** What a broker answered about something, in one line. */
export function answered (subject: string, error: KafkaError): string {
  const remedy = REMEDIES[error.errorCode]
  const text = (error.text ?? '').replace(/\s+/g, ' ').trim()
  const name = errorName(error.errorCode)
  return `${subject}: ${text === '' ? name : `${text} (${name})`}${remedy === undefined ? '' : `; ${remedy}`}`
}

/** A line for an answered error code, undefined for none. */
export function failureOf (
  subject: string, errorCode: number, text?: string | null
): string | undefined {
  if (errorCode === code.NONE) return undefined
  return answered(subject, new KafkaError(errorCode, text ?? undefined))
}

/** Throws what was collected, if anything was. */
export function throwFailures (lines: ReadonlyArray<string | undefined>): void {
  const failed = lines.filter(line => line !== undefined)
  if (failed.length > 0) throw new CommandError(...failed)
}

/** Runs, and names the subject of what a broker refuses. */
export async function about<T> (subject: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof KafkaError) throw new CommandError(answered(subject, error))
    throw error
  }
}

/** The lines for people; undefined for what is a bug and wants its stack. */
export function explain (error: unknown): readonly string[] | undefined {
  if (error instanceof CommandError) return error.lines
  if (error instanceof UsageError || error instanceof ClientError) return [error.message]
  if (error instanceof KafkaError) return [answered('the broker refuses', error)]
  if (error instanceof RecordError || error instanceof DecodeError) {
    return [`what was read is damaged or not of Kafka: ${error.message}`]
  }
  const { code: systemCode, path } = error as NodeJS.ErrnoException
  if (systemCode === 'ENOENT') return [`${path} does not exist: check the path`]
  if (systemCode === 'EACCES') return [`${path} may not be read by this user: change its owner or mode`]
  if (systemCode === 'EISDIR') return [`${path} is a directory: name a file`]
  return undefined
}
