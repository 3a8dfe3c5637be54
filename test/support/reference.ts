/** Facts of Apache Kafka beside the repository: there on some machines, never needed to run. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** The repository's root, from the compiled tests. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))
const reference = `${root}../shared/reference/`

export const hasReference = existsSync(reference)

/** The lines of a file of the reference, or of the sample kept in the repository. */
export function linesOf (file: string, sample?: string): string[] {
  const path = hasReference ? reference + file : `${root}test/golden/${sample}`
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter(line => line !== '')
}
