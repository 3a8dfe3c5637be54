/**
 * Inputs for the fuzzers, from one seed: messages with random content in the shape of our schemas,
 * and bytes that were valid before something happened to them (correctness 5.5).
 */
import { inVersion, nullableAt } from '../../protocol/codec-read.ts'
import { requestFrame } from '../../protocol/frame.ts'
import { codecs } from '../../protocol/records/attributes.ts'
import { at, HEADER_SIZE } from '../../protocol/records/header.ts'
import { sealBatch } from '../../protocol/records/seal.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import type { AnyType, Api, Fields, Message } from '../../protocol/types.ts'
import { uuidFromBytes, ZERO_UUID } from '../../protocol/uuid.ts'
import type { Random } from '../../test/simulation/random.ts'

/** What the texts and ids of generated messages are taken from, beside the strange ones. */
export interface Vocabulary {
  readonly names: readonly string[]
  readonly ids: readonly string[]
  /** Numbers for fields whose size means work, by the field's name. */
  readonly numbers: Readonly<Record<string, readonly number[]>>
}

const STRANGE_NAMES = [
  '', '.', '..', '../x', 'a/b', 'nul\0', '__proto__', 'constructor', 'ä€😀', ' ', 'x'.repeat(249), 'x'.repeat(250),
  'x'.repeat(32767), '__consumer_offsets', '__transaction_state', '__cluster_metadata',
]

const INTEGERS: Partial<Record<AnyType['kind'], readonly number[]>> = {
  int8: [-128, -2, -1, 0, 1, 2, 127],
  int16: [-32768, -2, -1, 0, 1, 2, 5, 32767],
  uint16: [0, 1, 65535],
  int32: [-2147483648, -3, -2, -1, 0, 1, 2, 3, 100, 32768, 1048576, 2147483647],
  uint32: [0, 1, 4294967295],
}

const LONGS = [-(1n << 63n), -3n, -2n, -1n, 0n, 1n, 2n, 100n, 1n << 31n, 1n << 53n,
  (1n << 63n) - 1n]

export class MessageMaker {
  readonly #random: Random
  readonly #words: Vocabulary

  constructor (random: Random, words: Vocabulary) {
    this.#random = random
    this.#words = words
  }

  /** Every field that the version has; now and then nothing where nothing is legal. */
  value (message: Message, version: number): any {
    return this.#struct(message.fields, version, 0)
  }

  /** A request as a client would send it. */
  frame (api: Api, version: number, correlationId: number): Buffer {
    const clientId = this.#random.chance(0.1) ? null : this.#text()
    return Buffer.concat(
      requestFrame(api, version, correlationId, clientId, this.value(api.request, version))
    )
  }

  #struct (fields: Fields, version: number, depth: number): any {
    const value: Record<string, unknown> = {}
    for (const [name, type] of Object.entries(fields)) {
      if (inVersion(type, version)) value[name] = this.#of(name, type, version, depth)
    }
    return value
  }

  #of (name: string, type: AnyType, version: number, depth: number): unknown {
    const random = this.#random
    if (nullableAt(type, version) && random.chance(0.15)) return null
    switch (type.kind) {
      case 'bool': return random.chance(0.5)
      case 'string': return this.#text()
      case 'uuid': return this.#id()
      case 'int64': return random.pick(LONGS)
      case 'float64': return random.pick([0, 1, -1, 1e300, NaN, Infinity])
      case 'bytes': return random.bytes(random.int(40))
      case 'records': return this.batch()
      case 'struct': return this.#struct(type.fields as Fields, version, depth + 1)
      case 'array': return Array.from({ length: random.int(depth > 2 ? 2 : 4) },
        () => this.#of(name, type.element as AnyType, version, depth + 1))
      default: return random.pick(this.#words.numbers[name] ?? INTEGERS[type.kind] ?? [0])
    }
  }

  #text (): string {
    const { names } = this.#words
    return this.#random.chance(0.75) && names.length > 0
      ? this.#random.pick(names)
      : this.#random.pick(STRANGE_NAMES)
  }

  #id (): string {
    const { ids } = this.#words
    if (this.#random.chance(0.6) && ids.length > 0) return this.#random.pick(ids)
    return this.#random.chance(0.3) ? ZERO_UUID : uuidFromBytes(this.#random.bytes(16))
  }

  /** A produced batch, whole or hurt in one place, with a right or a wrong checksum. */
  batch (): Buffer {
    const random = this.#random
    const count = 1 + random.int(5)
    const hasProducer = random.chance(0.3)
    const batch = writeBatch(Array.from({ length: count }, () => ({
      timestamp: random.chance(0.8) ? BigInt(random.int(2 ** 31)) : random.pick(LONGS),
      key: random.chance(0.5) ? null : random.bytes(random.int(20)),
      value: random.chance(0.1) ? null : Buffer.alloc(random.int(200), random.int(256)),
    })), {
      codec: random.pick(codecs),
      transactional: random.chance(0.05),
      control: random.chance(0.05),
      ...(hasProducer
        ? { producerId: BigInt(random.int(4)), producerEpoch: random.int(2),
          baseSequence: random.int(5) }
        : {}),
    })
    if (random.chance(0.5)) return batch
    const position = random.chance(0.5)
      ? at.magic + random.int(HEADER_SIZE - at.magic)
      : random.int(batch.length)
    batch[position] = random.int(256)
    if (random.chance(0.7) && position >= at.attributes) sealBatch(batch)
    return random.chance(0.1) ? Buffer.concat([batch, batch]) : batch
  }
}

const EXTREMES = [-2147483648, -2, -1, 0, 1, 32768, 2147483647]

/** The same bytes after one to three accidents. */
export function mutated (bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes)
  for (let times = 1 + random.int(3); times > 0; times--) result = accident(result, random)
  return result
}

function accident (bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  const position = random.int(bytes.length + 1)
  const copy = Buffer.from(bytes)
  switch (random.int(7)) {
    case 0: return copy.subarray(0, position)
    case 1:
      if (position < copy.length) copy[position] = (copy[position] as number) ^ 1 << random.int(8)
      return copy
    case 2:
      if (copy.length - position >= 4) {
        copy.writeInt32BE(pickExtreme(copy.length - position, random), position)
      }
      return copy
    case 3:
      if (copy.length - position >= 2) {
        copy.writeInt16BE(random.pick([-2, -1, 0, 1, 255, 32767]), position)
      }
      return copy
    case 4: return Buffer.concat(
      [copy.subarray(0, position), random.bytes(1 + random.int(8)), copy.subarray(position)]
    )
    case 5: {
      const part = copy.subarray(position, position + random.int(32))
      return Buffer.concat(
        [copy.subarray(0, position), part, part, copy.subarray(position + part.length)]
      )
    }
    default: {
      const overlong =
        Buffer.from([0xff, 0xff, 0xff, 0xff, random.pick([0x01, 0x0f, 0x7f, 0xff]), 0x01])
      return Buffer.concat([copy.subarray(0, position), overlong, copy.subarray(position + 1)])
    }
  }
}

function pickExtreme (rest: number, random: Random): number {
  return random.chance(0.3) ? rest + random.int(3) - 1 : random.pick(EXTREMES)
}
