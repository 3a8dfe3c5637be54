/**
 * What Apache Kafka's own decoders make of test/support/codec-cases, asked through
 * CodecVerdicts.java and written into test/golden/codec-verdicts.jsonl.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { codecCases } from '../../test/support/codec-cases/index.ts'
import type { CodecVerdict } from '../../test/support/codec-cases/index.ts'
import { kafkaHome } from '../kafka/home.ts'
import { root } from '../repository.ts'

/** Larger payloads are built anew by the test. */
const HEX_BYTES_MAX = 2_048
const OUTPUT_BYTES_MAX = 1024 * 1024

export function recordCodecs (): number {
  const cases = codecCases()
  const input = cases.map(({ magic, codec, payload }) => `${magic} ${codec} ${payload.toString('hex')}\n`).join('')
  const java = spawnSync('java', ['-cp', `${kafkaHome()}/libs/*`, `${root}scripts/conversations/CodecVerdicts.java`],
    { input, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX })
  const codes = java.stdout.trimEnd().split('\n').map(Number)
  if (java.status !== 0 || codes.length !== cases.length) throw new Error(`no verdicts: ${java.stderr}`)
  const rows = cases.map(({ shows, codec, magic, payload }, at): CodecVerdict => ({
    codec, magic, shows, kafka: codes[at] as number,
    ...payload.length <= HEX_BYTES_MAX ? { hex: payload.toString('hex') } : {},
  }))
  writeFileSync(`${root}test/golden/codec-verdicts.jsonl`, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  console.log(`${rows.length} payloads, ${rows.filter(({ kafka }) => kafka === 0).length} accepted`)
  return 0
}
