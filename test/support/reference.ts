/**
 * Facts of Apache Kafka that tests compare with: test/reference/README.md says what each file is.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { root } from '../../scripts/repository.ts'

/** The lines of a file below test/reference; `.gz` is unpacked. Throws where there is none. */
export function linesOf (file: string): string[] {
  const bytes = readFileSync(`${root}test/reference/${file}`)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter(line => line !== '')
}

/** The objects of a `.jsonl` or `.jsonl.gz` file; their shape is the caller's word. */
export function objectsOf<T> (file: string): T[] {
  return linesOf(file).map(line => JSON.parse(line) as T)
}

/** The rows of a `.tsv` file, each by the names of its columns. */
export function rowsOf<Column extends string> (file: string): Array<Record<Column, string>> {
  const [head = '', ...lines] = linesOf(file)
  const columns = head.split('\t')
  return lines.map(line => {
    const cells = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])) as Record<Column, string>
  })
}
