/**
 * Compiles (message, version) to a reader and a writer, once, on first use. All questions about
 * versions are answered then; what runs per message is closures over plain fields.
 */
import { DecodeError, Reader, Writer } from './cursor.ts'
import { compileReader, minBytes } from './codec-read.ts'
import { compileWriter } from './codec-write.ts'
import type { Fields, Message, MessageOf, MessageToWrite } from './types.ts'

export interface Codec<R, W> {
  /** Reads one message and nothing behind it; throws DecodeError. */
  read (reader: Reader): R
  write (writer: Writer, value: W): void
}

const cache = new WeakMap<Message, Array<Codec<any, any> | undefined>>()

/** The compiled form of this message at this version; throws a RangeError outside its versions. */
export function codec<M extends Message> (
  message: M, version: number
): Codec<MessageOf<M>, MessageToWrite<M>> {
  let compiled = cache.get(message)
  if (compiled === undefined) cache.set(message, compiled = [])
  return compiled[version] ??= compile(message, version)
}

function compile<F extends Fields> (message: Message<F>, version: number): Codec<any, any> {
  const [from, to] = message.versions
  if (version < from || version > to) {
    throw new RangeError(`${message.name} has versions ${from} to ${to}, not ${version}`)
  }
  const shape = { kind: 'struct', fields: message.fields, versions: message.versions } as const
  const flexible = version >= message.flexible
  return {
    read: compileReader(shape, version, flexible),
    write: compileWriter(shape, version, flexible),
  }
}

/** Decodes a whole buffer; trailing bytes are refused (R-X5). */
export function decode<M extends Message> (
  message: M, version: number, buffer: Buffer, start = 0, end = buffer.length
): MessageOf<M> {
  const reader = new Reader(buffer, start, end)
  const value = codec(message, version).read(reader)
  if (reader.remaining > 0) throw new DecodeError(`${reader.remaining} bytes behind ${message.name}`)
  return value
}

/** Encodes to one buffer. */
export function encode<M extends Message> (
  message: M, version: number, value: MessageToWrite<M>
): Buffer {
  const writer = new Writer()
  codec(message, version).write(writer, value)
  return writer.toBuffer()
}

/** The smallest size of this message on the wire, for budgets. */
export function messageMinBytes (message: Message, version: number): number {
  const shape = { kind: 'struct', fields: message.fields, versions: message.versions } as const
  return minBytes(shape, version, version >= message.flexible)
}
