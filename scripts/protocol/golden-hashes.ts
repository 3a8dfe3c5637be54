/** Compares golden vectors of hashes and number encodings with ours. */
import { Writer } from '../../protocol/cursor.ts'
import { crc32c } from '../../protocol/records/checksum.ts'
import * as hashes from '../../protocol/records/hashes.ts'
import { writeVarint, writeVarlong } from '../../protocol/records/varint.ts'
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts'

/** A line of hashes.tsv. */
export interface HashVector { kind: string, input: string, param: string, output: string }

type Compute = (input: string, param: string) => string | number

const NUMBER_BYTES_MAX = 10

function written (write: (bytes: Buffer) => number): string {
  const bytes = Buffer.alloc(NUMBER_BYTES_MAX)
  return bytes.subarray(0, write(bytes)).toString('hex')
}

function unsignedVarint (value: number): string {
  const writer = new Writer()
  writer.unsignedVarint(value)
  return writer.toBuffer().toString('hex')
}

function base64 (input: string): string {
  const text = uuidFromBytes(Buffer.from(input, 'hex'))
  return uuidToBytes(text).toString('hex') === input ? text : `${text} is not read back`
}

const computations: Record<string, Compute> = {
  murmur2: input => hashes.murmur2(Buffer.from(input, 'hex')),
  keyPartition: (input, param) => hashes.partitionOfKey(Buffer.from(input, 'hex'), Number(param)),
  crc32c: input => crc32c(Buffer.from(input, 'hex')),
  javaStringHash: input => hashes.javaStringHash(input),
  coordinatorPartition: (input, param) => hashes.coordinatorPartition(input, Number(param)),
  utilsAbs: input => hashes.absolute(Number(input)),
  toPositive: input => hashes.toPositive(Number(input)),
  uuidBase64: base64,
  shareCoordinatorKey: input => {
    const [group = '', topic = '', partition] = input.split(',')
    return hashes.shareCoordinatorKey(group, topic, Number(partition))
  },
  varint: input => written(bytes => writeVarint(bytes, 0, Number(input))),
  varlong: input => written(bytes => writeVarlong(bytes, 0, BigInt(input))),
  uvarint: input => unsignedVarint(Number(input)),
}

/** The vectors of a file, without its line of column names. */
export function hashVectors (text: string): HashVector[] {
  return text.split('\n').slice(1).filter(line => line !== '').map(line => {
    const [kind = '', input = '', param = '', output = ''] = line.split('\t')
    return { kind, input, param, output }
  })
}

/** What differs, in words; undefined for a kind that is not computed here (the SCRAM keys). */
export function compareHashLine ({ kind, input, param, output }: HashVector):
string[] | undefined {
  const compute = computations[kind]
  if (compute === undefined) return undefined
  const ours = String(compute(input, param))
  return ours === output ? [] : [`${kind} of ${input}: ${output} there, ${ours} here`]
}
