/** Text scenarios: TAP_SNAPSHOT=1 writes down what happens now; review the difference. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import t from 'tap'
import { Story } from './story.ts'

// From dist/test/core/quorum to the repository's own folder.
const folder = fileURLToPath(new URL('../../../../test/scenarios/quorum/', import.meta.url))
const rewrite = process.env.TAP_SNAPSHOT === '1'

/** Comments and blank lines stay; after each command stands, behind dashes, what it caused. */
function played (text: string): string {
  const story = new Story()
  const output: string[] = []
  for (const block of text.trimEnd().split(/\n\n+/)) {
    const lines = block.split('\n')
    const dashes = lines.indexOf('----')
    const head = dashes < 0 ? lines : lines.slice(0, dashes)
    const results = head.filter(line => !line.startsWith('#')).map(line => story.tell(line))
    const happened = results.filter(result => result !== 'ok')
    output.push(results.length === 0
      ? head.join('\n')
      : [...head, '----', happened.length === 0 ? 'ok' : happened.join('\n')].join('\n'))
  }
  return output.join('\n\n') + '\n'
}

const files = readdirSync(folder).filter(name => name.endsWith('.txt')).sort()
t.ok(files.length > 0)

for (const file of files) {
  t.test(file, async t => {
    const path = join(folder, file)
    const expected = readFileSync(path, 'utf8')
    const actual = played(expected)
    if (rewrite) writeFileSync(path, actual)
    else t.equal(actual, expected)
  })
}
