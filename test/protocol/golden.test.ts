/** Every message and stored record, byte for byte as Apache Kafka writes it. */
import t from 'tap'
import { decode } from '../../protocol/codec.ts'
import { DecodeError } from '../../protocol/cursor.ts'
import { compareSchema } from '../../scripts/protocol/check-schemas.ts'
import { compareMessage, messageOf } from '../../scripts/protocol/golden-messages.ts'
import type { MessageVector } from '../../scripts/protocol/golden-messages.ts'
import { linesOf, objectsOf } from '../support/reference.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const vectors = ['messages', 'messages-legacy', 'messages-unknown-tags', 'records']
  .flatMap(file => objectsOf<MessageVector>(`golden/${file}.jsonl.gz`))

t.test('what Kafka wrote decodes to what Kafka meant, and encodes to the same bytes', async t => {
  let matched = 0
  for (const vector of vectors) {
    const differences = compareMessage(vector)
    if (differences.length > 0) t.fail(`${vector.api ?? vector.name} v${vector.version} ${vector.variant}`, { differences })
    else matched++
  }
  t.equal(matched, vectors.length)
  t.ok(matched > 3_800, `${matched} vectors`)
})

t.test('cut at any byte, a message is refused with the codec\'s own error, or is a shorter message', async t => {
  let cuts = 0
  for (const vector of vectors) {
    const bytes = Buffer.from(vector.hex, 'hex')
    const message = messageOf(vector)
    for (let end = 0; end < bytes.length; end++) {
      cuts++
      try {
        decode(message, vector.version, bytes, 0, end)
      } catch (error) {
        if (!(error instanceof DecodeError)) {
          t.fail(`${message.name} v${vector.version} cut at ${end}`, { error })
          return
        }
      }
    }
  }
  t.ok(cuts > 1000)
})

t.test('our definitions agree with Kafka\'s schemas field by field', async t => {
  const files = ['messages-4.4', 'messages-3.9', 'metadata-records-4.4', 'group-records-4.4', 'transaction-records-4.4',
    'share-records-4.4', 'raft-and-control-records-4.4', 'storage-records-4.4']
  for (const file of files) {
    for (const line of linesOf(`schemas/${file}.jsonl`)) {
      const schema = JSON.parse(line)
      if (schema.validVersions !== 'none') t.same(compareSchema(schema), [], schema.name)
    }
  }
})
