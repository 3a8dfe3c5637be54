/** What can be wrong with records, in Kafka's own exceptions: one table gives the error code. */

/** Kafka's exceptions about records, and the error code that a client gets for each. */
export const exceptionCode = {
  CorruptRecordException: 2,
  RecordTooLargeException: 10,
  InvalidTimestampException: 32,
  UnsupportedForMessageFormatException: 43,
  UnsupportedCompressionTypeException: 76,
  InvalidRecordException: 87,
  // Kafka lets these three escape, and a client then sees UNKNOWN_SERVER_ERROR (D0.4).
  IllegalArgumentException: -1,
  KafkaException: -1,
  UnsupportedOperationException: -1,
} as const

export type RecordException = keyof typeof exceptionCode

/** The only error that reading, checking or converting records throws. */
export class RecordError extends Error {
  readonly exception: RecordException

  constructor (exception: RecordException, message: string) {
    super(message)
    this.name = 'RecordError'
    this.exception = exception
  }

  /** Kafka's error code for this. */
  get errorCode (): number { return exceptionCode[this.exception] }
}

export function invalid (message: string): RecordError {
  return new RecordError('InvalidRecordException', message)
}

export function corrupt (message: string): RecordError {
  return new RecordError('CorruptRecordException', message)
}

/** A stream that does not decompress: Kafka answers UNKNOWN_SERVER_ERROR (D5.19). */
export function undecompressable (codec: string, reason: string): RecordError {
  return new RecordError('KafkaException', `Failed to decompress ${codec} records: ${reason}`)
}

/** R-X6: more than a batch may decompress to. With this error Java's producer splits its batch. */
export function decompressesTooLarge (codec: string): RecordError {
  return new RecordError('RecordTooLargeException',
    `${codec} records decompress to more bytes than a batch may have`)
}
