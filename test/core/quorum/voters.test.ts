import t from 'tap'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { controlRecordsOf } from '../../../src/core/quorum/control.ts'
import type { ControlRecord } from '../../../src/core/quorum/control.ts'
import {
  findVoter, majorityOf, recordFromVoters, sameReplica, VoterHistory, votersFromRecord,
} from '../../../src/core/quorum/voters.ts'
import type { VoterSet } from '../../../src/core/quorum/voters.ts'
import { controlBatch, metadataBatch } from '../../../src/runtime/quorum/log.ts'

const A = 'AAAAAAAAAAAAAAAAAAAA1A'
const B = 'AAAAAAAAAAAAAAAAAAAA2A'
const set = (...ids: number[]): VoterSet => ids.map(id => ({
  id,
  directoryId: A,
  endpoints: [{ name: 'CONTROLLER', host: `host${id}`, port: 9093 }],
  kraftVersions: [0, 1],
}))

t.test('2.10.2: a voter is its id and its directory, where both are known', async t => {
  const rows: Array<[[number, string], [number, string], boolean]> = [
    [[1, A], [1, A], true], [[1, A], [1, B], false], [[1, A], [2, A], false],
    [[1, A], [1, ZERO_UUID], true], [[1, ZERO_UUID], [1, B], true],
    [[1, ZERO_UUID], [2, ZERO_UUID], false],
  ]
  for (const [[id, directoryId], other, expected] of rows) {
    t.equal(sameReplica({ id, directoryId }, { id: other[0], directoryId: other[1] }), expected)
  }
  t.equal(findVoter(set(1, 2), { id: 2, directoryId: B }), undefined)
  t.equal(findVoter(set(1, 2), { id: 2, directoryId: ZERO_UUID })?.id, 2)
  t.same([1, 2, 3, 4, 5].map(count => majorityOf(set(...Array(count).keys()))), [1, 2, 2, 3, 3])
})

t.test('2.10.14: the newest set in the log holds, and what is cut off never did', async t => {
  const history = new VoterHistory(set(1))
  history.setKraftVersion(3n, 1)
  history.setVoters(4n, set(1, 2))
  history.setVoters(9n, set(1, 2, 3))
  t.equal(history.voters.length, 3)
  t.equal(history.kraftVersion, 1)
  t.equal(history.at(9n).voters?.length, 2)
  t.equal(history.at(4n).voters, undefined)
  history.truncateFromEnd(9n)
  t.equal(history.voters.length, 2)
  history.truncateFromStart(20n)
  t.equal(history.voters.length, 2, 'what was below the start still holds')
  t.equal(history.kraftVersion, 1)
  history.truncateFromEnd(4n)
  t.equal(history.voters.length, 1)
  history.reset(50n, set(7, 8), 1)
  t.same([history.voters.length, history.at(50n).kraftVersion], [2, 1])
  history.reset(60n, undefined, 0)
  t.same([history.voters.length, history.kraftVersion], [1, 0])
})

t.test('control records are read as they were written', async t => {
  const records: ControlRecord[] = [
    {
      kind: 'leaderChange',
      value: {
        version: 1,
        leaderId: 1,
        voters: [{ voterId: 1, voterDirectoryId: A }],
        grantingVoters: [{ voterId: 1, voterDirectoryId: B }],
      },
    },
    { kind: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp: 77n } },
    { kind: 'kraftVersion', value: { version: 0, kRaftVersion: 1 } },
    { kind: 'voters', value: recordFromVoters(set(1, 2)) },
    { kind: 'snapshotFooter', value: { version: 0 } },
  ]
  const place = { baseOffset: 40n, epoch: 3, timestampMs: 5 }
  t.same(controlRecordsOf(controlBatch(records, place)),
    records.map((record, index) => ({ ...record, offset: 40n + BigInt(index) })))
  t.same(controlRecordsOf(metadataBatch([Buffer.from('data')], place)), [])
  t.same(votersFromRecord(recordFromVoters(set(1, 2))), set(1, 2))
})
