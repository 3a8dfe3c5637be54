/**
 * `npm run golden -- FILE...` compares vector files with our codec, both ways, and prints
 * `N matched, M differ` last; any difference makes it fail. Without files, those of test/reference.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { root } from '../repository.ts'
import { compareBatchLine } from './golden-batches.ts'
import { compareHashLine, hashVectors } from './golden-hashes.ts'
import { compareMessage } from './golden-messages.ts'

const SHOWN_MAX = 20
const REFERENCE = [
  'messages.jsonl.gz', 'messages-legacy.jsonl.gz', 'messages-unknown-tags.jsonl.gz', 'records.jsonl.gz',
  'batches.jsonl.gz', 'batches-bad.jsonl', 'hashes.tsv',
].map(name => `${root}test/reference/golden/${name}`)

export interface Tally { matched: number, differ: number, shown: string[] }

/** Compares every line of a file; `.gz` is unpacked. */
function compareFile (file: string, tally: Tally): void {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  const count = (title: string, differences: readonly string[]): void => {
    if (differences.length === 0) tally.matched++
    else {
      tally.differ++
      tally.shown.push(`${title}\n  ${differences.join('\n  ')}`)
    }
  }
  if (file.endsWith('.tsv')) {
    // Kinds that nothing here computes yet (SCRAM keys) are not compared.
    for (const vector of hashVectors(text)) {
      const differences = compareHashLine(vector)
      if (differences !== undefined) count(`${vector.kind} ${vector.input}`, differences)
    }
    return
  }
  for (const line of text.split('\n')) {
    if (line === '') continue
    const vector = JSON.parse(line)
    const { api, name, type, version, variant } = vector
    if ('records' in vector || 'produceVersion' in vector) count(name, compareBatchLine(vector))
    else count(`${api ?? name} ${type} v${version} ${variant}`, compareMessage(vector))
  }
}

export function main (files: readonly string[]): number {
  const tally: Tally = { matched: 0, differ: 0, shown: [] }
  for (const file of files.length > 0 ? files : REFERENCE) compareFile(file, tally)
  for (const shown of tally.shown.slice(0, SHOWN_MAX)) console.log(shown)
  console.log(`${tally.matched} matched, ${tally.differ} differ`)
  return tally.differ === 0 && tally.matched > 0 ? 0 : 1
}
