import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import {
  answer, ask, begin, DIRECTORY, epochRequest, history, leader, machine, respond, sends,
  voteRequest,
} from './machine.ts'

const log = history([1, 2], [4, 8]) // ends at 10 in epoch 4
const vote = (epoch: number, leaderId: number, votedId: number): object =>
  ({ epoch, leaderId, votedId, votedDirectoryId: ZERO_UUID })
const saved = (epoch: number, leaderId: number, votedId: number): object =>
  ({ do: 'saveVote', vote: { epoch, leaderId, votedId } })

t.test('2.10.2: who gets the vote', async t => {
  type Row = [string, before: object, request: object, errorCode: number, granted: boolean]
  const rows: Row[] = [
    ['an equal log, a new epoch', vote(4, -1, -1), {}, 0, true],
    ['a longer log', vote(4, -1, -1), { lastOffset: 11n }, 0, true],
    ['a later last epoch', vote(5, -1, -1),
      { replicaEpoch: 6, lastOffsetEpoch: 5, lastOffset: 3n }, 0, true],
    ['a shorter log', vote(4, -1, -1), { lastOffset: 9n }, 0, false],
    ['an earlier last epoch', vote(4, -1, -1), { lastOffsetEpoch: 3, lastOffset: 99n }, 0, false],
    ['the same candidate again', vote(5, -1, 2), {}, 0, true],
    ['another candidate', vote(5, -1, 3), {}, 0, false],
    ['a leader is known in the epoch', vote(5, 3, -1), {}, 0, false],
    ['a candidate not among the voters', vote(4, -1, -1), { replicaId: 7 }, 0, true],
    ['an old epoch', vote(6, -1, -1), {}, code.FENCED_LEADER_EPOCH, false],
    ['no candidate', vote(4, -1, -1), { replicaId: -1 }, code.INVALID_REQUEST, false],
    ['its log in the new epoch already', vote(4, -1, -1),
      { lastOffsetEpoch: 5 }, code.INVALID_REQUEST, false],
    ['a negative offset', vote(4, -1, -1), { lastOffset: -1n }, code.INVALID_REQUEST, false],
    ['another directory', vote(4, -1, -1),
      { voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAA9A' }, code.INVALID_VOTER_KEY, false],
    ['the own directory', vote(4, -1, -1), { voterDirectoryId: DIRECTORY }, 0, true],
  ]
  for (const [name, before, request, errorCode, voteGranted] of rows) {
    const quorum = machine({ ...log, vote: before as never })
    t.match(answer(ask(quorum, 'Vote', voteRequest(request))), { errorCode, voteGranted }, name)
  }
})

t.test('2.10.10, 2.10.13: a request that is for nobody here', async t => {
  const rows: Array<[object, number]> = [
    [{ clusterId: 'other' }, code.INCONSISTENT_CLUSTER_ID],
    [{ topics: [] }, code.INVALID_REQUEST],
    [{ topics: [{ topicName: '__cluster_metadata', partitions: [] }] }, code.INVALID_REQUEST],
    [{ topics: [{ topicName: 'other', partitions: [] }] }, code.INVALID_REQUEST],
  ]
  for (const [top, errorCode] of rows) {
    t.same(answer(ask(machine(), 'Vote', voteRequest({}, top))), { topLevel: errorCode })
    for (const api of ['BeginQuorumEpoch', 'EndQuorumEpoch'] as const) {
      t.same(answer(ask(machine(), api, epochRequest({}, top))), { topLevel: errorCode })
    }
  }
  t.match(answer(ask(machine(), 'Vote', voteRequest({}, { clusterId: null }))), { errorCode: 0 })
  t.match(answer(ask(machine(), 'Vote', voteRequest({}, { voterId: 9 }))),
    { errorCode: code.INVALID_VOTER_KEY }, 'another voter is meant')
})

t.test('2.10.1: the vote is saved before it is told', async t => {
  const effects = ask(machine(log), 'Vote', voteRequest())
  t.match(effects,
    [saved(5, -1, 2), { do: 'changeLeader', leaderId: -1, epoch: 5 }, { do: 'reply' }])
  t.equal(effects.length, 3, 'epoch and vote in one')
  const again = machine({ ...log, vote: vote(5, -1, 2) as never })
  t.match(ask(again, 'Vote', voteRequest()), [{ do: 'reply' }], 'nothing new to save')
})

t.test('2.10.5: a pre-vote keeps nothing, and is refused by who hears from a leader', async t => {
  const preVote = { preVote: true, replicaEpoch: 4 }
  const quorum = machine(log)
  const effects = ask(quorum, 'Vote', voteRequest(preVote))
  t.match(answer(effects), { voteGranted: true })
  t.equal(effects.length, 1, 'nothing is saved')
  t.match(answer(ask(quorum, 'Vote', voteRequest({ ...preVote, replicaId: 3 }))),
    { voteGranted: true }, 'others may be told the same')
  t.match(answer(ask(quorum, 'Vote', voteRequest({ ...preVote, lastOffset: 9n }))),
    { voteGranted: false }, 'the log still counts')
  const old = voteRequest({ ...preVote, replicaEpoch: 3, lastOffsetEpoch: 3 })
  t.match(answer(ask(quorum, 'Vote', old)),
    { errorCode: code.FENCED_LEADER_EPOCH })
  t.match(answer(ask(quorum, 'Vote', voteRequest({ ...preVote, replicaEpoch: 9 }))),
    { voteGranted: true, leaderEpoch: 9 }, 'a higher epoch is adopted')

  const { quorum: follower, effects: started } = begin({
    ...log, vote: vote(4, 2, -1) as never,
  })
  t.match(answer(ask(follower, 'Vote', voteRequest({ ...preVote, replicaId: 3 }))),
    { voteGranted: true, leaderId: 2 }, 'it has not heard from its leader yet')
  const [fetch] = sends(started)
  respond(follower, fetch as never, {
    partitionIndex: 0,
    highWatermark: 0n,
    currentLeader: { leaderId: 2, leaderEpoch: 4 },
    records: null,
    abortedTransactions: null,
  })
  t.match(answer(ask(follower, 'Vote', voteRequest({ ...preVote, replicaId: 3 }))),
    { voteGranted: false, leaderId: 2 })
  t.match(answer(ask(leader().quorum, 'Vote', voteRequest({ preVote: true, replicaEpoch: 5 }))),
    { voteGranted: false, leaderId: 1, leaderEpoch: 5 }, 'nor does a leader')
})

t.test('2.10.3: who has a majority leads, and appends its leader change first', async t => {
  const { effects, epoch, quorum } = leader()
  t.equal(epoch, 5)
  t.match(effects.filter(effect => effect.do !== 'send'), [
    saved(5, 1, 1),
    { do: 'becomeLeader', epoch: 5, startOffset: 10n },
    {
      do: 'appendLog',
      baseOffset: 10n,
      endOffset: 11n,
      epoch: 5,
      entry: {
        kind: 'leaderChange',
        value: {
          version: 0,
          leaderId: 1,
          voters: [{ voterId: 1 }, { voterId: 2 }, { voterId: 3 }],
          grantingVoters: [{ voterId: 1 }, { voterId: 2 }],
        },
      },
    },
  ])
  t.same(sends(effects).map(({ api, to }) => [api, to]),
    [['BeginQuorumEpoch', 2], ['BeginQuorumEpoch', 3]])
  t.equal(quorum.role, 'leader')
})

t.test('KIP-996: the epoch is raised only when a majority would vote', async t => {
  const quorum = machine(log)
  const asked = sends(quorum.tick(1000)).filter(({ api }) => api === 'Vote')
  t.same(asked.map(({ to, request }) => [to, request.topics[0]?.partitions[0]]).flat().length, 4)
  t.match(asked[0]?.request, { topics: [{ partitions: [{ replicaEpoch: 4, preVote: true }] }] })
  const refused = { partitionIndex: 0, leaderId: -1, leaderEpoch: 4, voteGranted: false }
  respond(quorum, asked[0] as never, refused, 1000)
  t.equal(quorum.role, 'prospective')
  respond(quorum, asked[1] as never, refused, 1000)
  t.ok(quorum.deadline() <= 1001, 'it has lost, and waits its random while')
  quorum.tick(1001)
  t.equal(quorum.role, 'unattached')
  t.equal(quorum.leader.epoch, 4, 'nobody was disturbed')
})

t.test('controller.quorum.election.backoff.max.ms bounds how long a loser waits, at random', async t => {
  for (const [electionBackoffMaxMs, random, waitsMs] of [[50, 0.5, 26], [50, 0, 1],
    [200, 0.5, 101]] as const) {
    const quorum = machine({ ...log, options: { electionBackoffMaxMs, random: () => random } })
    const startedMs = quorum.deadline()
    const asked = sends(quorum.tick(startedMs)).filter(({ api }) => api === 'Vote')
    const refused = { partitionIndex: 0, leaderId: -1, leaderEpoch: 4, voteGranted: false }
    for (const request of asked) respond(quorum, request as never, refused, startedMs)
    quorum.tick(startedMs + waitsMs - 1)
    t.equal(quorum.role, 'prospective', `${electionBackoffMaxMs}, ${random}`)
    quorum.tick(startedMs + waitsMs)
    t.equal(quorum.role, 'unattached', `${electionBackoffMaxMs}, ${random}`)
  }
})

t.test('controller.quorum.retry.backoff.ms: a request that failed is sent again no sooner', async t => {
  for (const retryBackoffMs of [20, 300]) {
    const quorum = machine({ ...log, options: { retryBackoffMs } })
    const [asked] = sends(quorum.tick(1000)).filter(({ api, to }) => api === 'Vote' && to === 2)
    quorum.step({ is: 'failure', from: 2, correlationId: asked?.correlationId ?? 0, unsupportedVersion: false }, 1000)
    const again = (nowMs: number) => sends(quorum.tick(nowMs)).filter(({ to }) => to === 2).length
    t.same([again(1000 + retryBackoffMs - 1), again(1000 + retryBackoffMs)], [0, 1],
      String(retryBackoffMs))
  }
})

t.test('KIP-996: a voter that does not know pre-votes counts as a grant', async t => {
  const quorum = machine(log)
  const [asked] = sends(quorum.tick(1000)).filter(({ api }) => api === 'Vote')
  const effects = quorum.step({
    is: 'failure', from: 2, correlationId: asked?.correlationId ?? 0, unsupportedVersion: true,
  }, 1000)
  t.match(effects, [saved(5, -1, 1)])
  t.equal(quorum.role, 'candidate')
})

t.test('an answer to a request of an earlier role is not listened to', async t => {
  const quorum = machine(log)
  const [asked] = sends(quorum.tick(1000)).filter(({ api }) => api === 'Vote')
  ask(quorum, 'BeginQuorumEpoch', epochRequest(), 1000)
  t.equal(quorum.role, 'follower')
  const granted = { partitionIndex: 0, leaderId: -1, leaderEpoch: 4, voteGranted: true }
  t.same(respond(quorum, asked as never, granted, 1000), [])
})

t.test('BeginQuorumEpoch makes a follower, once the leader is saved', async t => {
  const quorum = machine(log)
  const effects = ask(quorum, 'BeginQuorumEpoch', epochRequest())
  t.match(effects, [
    saved(5, 2, -1),
    {
      do: 'changeLeader',
      leaderId: 2,
      epoch: 5,
      endpoints: [{ name: 'CONTROLLER', host: 'leader', port: 1234 }],
    },
    { do: 'reply', response: { nodeEndpoints: [{ nodeId: 2, host: 'leader', port: 1234 }] } },
  ])
  t.match(answer(effects), { errorCode: 0, leaderId: 2, leaderEpoch: 5 })
  t.match(answer(ask(quorum, 'BeginQuorumEpoch', epochRequest({ leaderEpoch: 4 }))),
    { errorCode: code.FENCED_LEADER_EPOCH, leaderId: 2, leaderEpoch: 5 })
  t.match(answer(ask(quorum, 'BeginQuorumEpoch', epochRequest({ leaderId: -1 }))),
    { errorCode: code.INVALID_REQUEST })
  t.match(answer(ask(quorum, 'BeginQuorumEpoch', epochRequest({}, { voterId: 3 }))),
    { errorCode: code.INVALID_VOTER_KEY })
})

t.test('two leaders in one epoch end everything', async t => {
  const quorum = machine({ ...log, vote: vote(5, 3, -1) as never })
  const effects = ask(quorum, 'BeginQuorumEpoch', epochRequest())
  t.match(effects, [{ do: 'fail', reason: /both lead epoch 5/ }])
  t.equal(effects.length, 1, 'and nothing is answered')
  t.equal(quorum.deadline(), Infinity)
})

t.test('2.10.4: the preferred successor stands at once, each further one later', async t => {
  const rows: Array<[candidates: number[], standsAtMs: number]> = [
    [[1, 3], 0], [[3, 1], 500], [[3, 4, 1], 500], [[3, 1, 4], 250], [[3, 4], 1000],
    [[], 0],
  ]
  for (const [candidates, standsAtMs] of rows) {
    for (const version of [0, 1]) {
      const quorum = machine({ ...log, vote: vote(5, 2, -1) as never, voterIds: [1, 2, 3, 4] })
      const request = epochRequest({
        preferredSuccessors: candidates,
        preferredCandidates: candidates.map(candidateId =>
          ({ candidateId, candidateDirectoryId: ZERO_UUID })),
      })
      t.match(answer(ask(quorum, 'EndQuorumEpoch', request, 0, version)), { errorCode: 0 })
      if (standsAtMs > 0) {
        quorum.tick(standsAtMs - 1)
        t.equal(quorum.role, 'follower')
      }
      quorum.tick(standsAtMs)
      t.equal(quorum.role, 'prospective', `v${version}, ${candidates}`)
    }
  }
})

t.test('2.10.4: a leader that no majority fetches from resigns', async t => {
  const { quorum } = leader()
  quorum.tick(3999)
  t.equal(quorum.role, 'leader')
  const effects = quorum.tick(4000)
  t.match(effects.filter(effect => effect.do !== 'send'),
    [{ do: 'changeLeader', leaderId: -1, epoch: 5 }])
  t.equal(quorum.role, 'resigned')
  t.same(quorum.leader, { id: -1, epoch: 5 })
  t.match(answer(ask(quorum, 'Vote', voteRequest(), 4000)),
    { voteGranted: false }, 'it has voted in this epoch: for itself')
  quorum.tick(6000)
  t.equal(quorum.role, 'unattached')
  t.equal(quorum.leader.epoch, 6, 'the epoch that it led is over')
})

t.test('2.10.1: what was saved decides how a node begins', async t => {
  const rows: Array<[object, role: string, epoch: number]> = [
    [vote(4, -1, -1), 'unattached', 4],
    [vote(7, -1, 2), 'unattached', 7],
    [vote(7, -1, 1), 'unattached', 7],
    [vote(7, 2, -1), 'follower', 7],
    [vote(7, 1, 1), 'resigned', 7],
    [vote(2, -1, -1), 'unattached', 4], // the log knows better
  ]
  for (const [before, role, epoch] of rows) {
    const quorum = machine({ ...log, vote: before as never })
    t.equal(quorum.role, role)
    t.equal(quorum.leader.epoch, epoch)
  }
  const observer = machine({ ...log, voterIds: [2, 3], vote: vote(7, 1, 1) as never })
  t.equal(observer.role, 'unattached')
  observer.tick(1_000_000)
  t.equal(observer.role, 'unattached', 'an observer never stands')
})

t.test('a node that stops neither stands nor fetches; a leader says goodbye', async t => {
  const follower = machine({ ...log, vote: vote(5, 2, -1) as never })
  follower.stop(0)
  t.ok(follower.isStopped)
  t.same(follower.tick(100_000), [])
  const { quorum } = leader()
  const goodbye = sends(quorum.stop(1000))
  t.same(goodbye.map(({ api, to }) => [api, to]), [['EndQuorumEpoch', 2], ['EndQuorumEpoch', 3]])
  for (const sent of goodbye) {
    t.notOk(quorum.isStopped)
    respond(quorum, sent, { partitionIndex: 0, leaderId: 1, leaderEpoch: 5 }, 1000)
  }
  t.ok(quorum.isStopped)
})
