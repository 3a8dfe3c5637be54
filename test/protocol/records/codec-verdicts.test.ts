/**
 * Payloads that are unusual or wrong: ours accepts what Apache Kafka's own decoders accept, for
 * what it stores Java's consumers must be able to read. `npm run record -- --codecs` asks Kafka
 * again.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { codecs } from '../../../protocol/records/attributes.ts'
import { checkBatch, checkBatchAsync } from '../../../protocol/records/check.ts'
import type { BatchDecision, BatchRules } from '../../../protocol/records/check.ts'
import { decompressedUntilFailure } from '../../../protocol/records/decompress.ts'
import * as header from '../../../protocol/records/header.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { root } from '../../../scripts/repository.ts'
import { codecCases } from '../../support/codec-cases/index.ts'
import type { CodecCase, CodecVerdict } from '../../support/codec-cases/index.ts'

const NOW = 1_700_000_000_000
const RULES: BatchRules = {
  topicPartition: 't-0', timestampType: 'CreateTime', timestampBeforeMaxMs: 1_000, timestampAfterMaxMs: 1_000,
  messageBytesMax: 2 ** 30, compacted: false, compressionType: 'producer', nowMs: NOW,
}
const LIMIT = 4 * 1024 * 1024

const nameOf = ({ codec, magic, shows }: Pick<CodecCase, 'codec' | 'magic' | 'shows'>): string =>
  `${codec}, magic ${magic}: ${shows}`
const verdicts = readFileSync(`${root}test/golden/codec-verdicts.jsonl`, 'utf8').trimEnd().split('\n')
  .map(line => JSON.parse(line) as CodecVerdict)
const cases = new Map(codecCases().map(each => [nameOf(each), each]))

/** A batch that says that it holds one record. */
function batchOf (codec: CodecCase['codec'], payload: Buffer): Buffer {
  const one = writeBatch([{ timestamp: BigInt(NOW), key: null, value: null }])
  const batch = Buffer.concat([one.subarray(0, header.HEADER_SIZE), payload])
  batch.writeInt32BE(batch.length - header.LOG_OVERHEAD, header.at.batchLength)
  batch.writeInt16BE(codecs.indexOf(codec), header.at.attributes)
  sealBatch(batch)
  return batch
}

const codeOf = (decision: BatchDecision): number => decision.ok ? 0 : decision.errorCode

t.test('every case has a verdict', async t => {
  t.same([...cases.keys()].toSorted(), verdicts.map(nameOf).toSorted())
})

t.test('Kafka\'s verdicts are ours', async t => {
  for (const verdict of verdicts) {
    const { codec, magic, kafka, hex } = verdict
    const name = nameOf(verdict)
    const found = cases.get(name)
    const payload = hex === undefined ? found?.payload ?? Buffer.alloc(0) : Buffer.from(hex, 'hex')
    const expected = found?.ours?.errorCode ?? kafka
    if (magic < 2) {
      const { failure } =
        decompressedUntilFailure({ codec, bytes: payload, magic, limitBytes: LIMIT })
      t.equal(failure?.errorCode ?? 0, expected, name)
      continue
    }
    const batch = batchOf(codec, payload)
    t.equal(codeOf(checkBatch(batch, RULES)), expected, name)
    t.equal(codeOf(await checkBatchAsync(batch, RULES)), expected, `${name}, off the loop`)
    if (expected === 0) t.equal([...recordsOf(batch, LIMIT)].length, 1, `${name}: it is read`)
  }
})

t.test('what differs deliberately differs', async t => {
  for (const verdict of verdicts) {
    const ours = cases.get(nameOf(verdict))?.ours
    if (ours !== undefined) t.not(ours.errorCode, verdict.kafka, `${nameOf(verdict)}: ${ours.because}`)
  }
})
