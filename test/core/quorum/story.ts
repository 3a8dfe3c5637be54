/**
 * A quorum that does only what it is told, for text scenarios. Commands, one a line:
 *
 *   voters 3 [observers 1] [bytes 300]   nodes 1..3 vote, 4 observes; nothing is started
 *   start 1                              with what its disk holds
 *   crash 1                              what was not flushed is lost
 *   wait 1000                            time passes everywhere that something is due
 *   deliver [1>2] [2>1]                  messages, and what they cause, until all is quiet
 *   drop [1>2]                           they are lost, the sender hears so
 *   append 1 a b                         one batch, if it leads
 *   hold 1 / flush 1                     its disk flushes nothing until told to
 *   snapshot 1                           of all that it has committed
 *   stop 1                               it shuts down
 *   log 1                                what its log holds
 */
import { quorumDefaults } from '../../../src/core/quorum/state.ts'
import type {
  Effect, OutgoingRequest, OutgoingResponse, QuorumMessage,
} from '../../../src/core/quorum/effects.ts'
import { Quorum } from '../../../src/core/quorum/quorum.ts'
import { errorName } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { recordsOf, isControl } from '../../../protocol/records/read.ts'
import { entryBatch } from '../../../src/runtime/quorum/log.ts'
import { reencode } from './simulation/cluster.ts'
import { SimulatedDisk } from './simulation/disk.ts'

interface Actor {
  readonly id: number
  readonly disk: SimulatedDisk
  quorum: Quorum | undefined
  holds: boolean
  held: Array<{ endOffset: bigint, generation: number }>
  highWatermark: bigint
  download: Buffer[]
  queue: Effect[]
}

interface Envelope {
  readonly from: number
  readonly to: number
  readonly text: string
  readonly deliver: () => void
  readonly drop: () => void
}

const SNAPSHOT_BYTES = 400

export class Story {
  readonly #actors = new Map<number, Actor>()
  #nowMs = 0
  #voters = 0
  #bytesMax = 1000
  #mail: Envelope[] = []
  #nextRequestId = 1
  readonly #asked = new Map<number, { from: number, correlationId: number }>()
  #lines: string[] = []

  /** Carries out one command; what happened, line by line. */
  tell (command: string): string {
    this.#lines = []
    const [verb = '', ...words] = command.trim().split(/\s+/)
    const number = Number(words[0])
    switch (verb) {
      case 'voters': this.#gather(number, words.slice(1)); break
      case 'start': this.#start(this.#actor(number)); break
      case 'crash': this.#crash(this.#actor(number)); break
      case 'wait': this.#wait(number); break
      case 'deliver': this.#deliver(words); break
      case 'drop': this.#drop(words); break
      case 'append': this.#append(this.#actor(number), words.slice(1)); break
      case 'hold': this.#actor(number).holds = true; break
      case 'flush': this.#flush(this.#actor(number)); break
      case 'snapshot': this.#snapshot(this.#actor(number)); break
      case 'stop': this.#input(this.#actor(number), quorum => quorum.stop(this.#nowMs)); break
      case 'log': this.#log(this.#actor(number)); break
      default: throw new Error(`no such command: ${command}`)
    }
    return this.#lines.length === 0 ? 'ok' : this.#lines.join('\n')
  }

  #actor (id: number): Actor {
    const actor = this.#actors.get(id)
    if (actor === undefined) throw new Error(`no node ${id}`)
    return actor
  }

  #gather (voters: number, words: string[]): void {
    const option = (name: string, otherwise: number): number => {
      const at = words.indexOf(name)
      return at < 0 ? otherwise : Number(words[at + 1])
    }
    this.#voters = voters
    this.#bytesMax = option('bytes', this.#bytesMax)
    for (let id = 1; id <= voters + option('observers', 0); id += 1) {
      this.#actors.set(id, {
        id,
        disk: new SimulatedDisk(),
        quorum: undefined,
        holds: false,
        held: [],
        highWatermark: 0n,
        download: [],
        queue: [],
      })
    }
  }

  #start (actor: Actor): void {
    const voters = Array.from({ length: this.#voters }, (_, index) => ({
      id: index + 1, directoryId: ZERO_UUID, endpoints: [], kraftVersions: [0, 1] as const,
    }))
    const quorum = actor.quorum = new Quorum({
      ...quorumDefaults,
      fetchBytesMax: this.#bytesMax,
      nodeId: actor.id,
      directoryId: ZERO_UUID,
      clusterId: 'story',
      voters,
      endpoints: [],
      // Every node has its own timeouts: 1 is the first to lose patience.
      random: () => (actor.id - 1) / 10,
    }, actor.disk.recover())
    this.#take(actor, quorum.start(this.#nowMs))
    this.#say(actor, `is ${quorum.role} in epoch ${quorum.leader.epoch}`)
  }

  #crash (actor: Actor): void {
    actor.quorum = undefined
    actor.holds = false
    actor.held = []
    actor.disk.truncate(actor.disk.flushedEnd)
    this.#mail = this.#mail.filter(({ from }) => from !== actor.id)
  }

  #wait (ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#actors.values()]
        .filter(({ quorum }) => (quorum?.deadline() ?? Infinity) <= endMs)
        .sort((one, other) => Number(one.quorum?.deadline()) - Number(other.quorum?.deadline()))[0]
      if (due === undefined) break
      this.#nowMs = Math.max(this.#nowMs, due.quorum?.deadline() ?? 0)
      this.#input(due, quorum => quorum.tick(this.#nowMs))
    }
    this.#nowMs = endMs
  }

  #matches (words: string[], { from, to }: Envelope): boolean {
    return words.length === 0 || words.includes(`${from}>${to}`)
  }

  #deliver (words: string[]): void {
    for (let rounds = 0; rounds < 200; rounds += 1) {
      const index = this.#mail.findIndex(envelope => this.#matches(words, envelope))
      if (index < 0) return
      const [envelope] = this.#mail.splice(index, 1)
      this.#lines.push(`${envelope?.from} > ${envelope?.to}  ${envelope?.text}`)
      envelope?.deliver()
    }
    throw new Error('the nodes do not come to rest')
  }

  #drop (words: string[]): void {
    const dropped = this.#mail.filter(envelope => this.#matches(words, envelope))
    this.#mail = this.#mail.filter(envelope => !dropped.includes(envelope))
    for (const { from, to, text, drop } of dropped) {
      this.#lines.push(`${from} > ${to}  ${text}  (lost)`)
      drop()
    }
  }

  #append (actor: Actor, values: string[]): void {
    const epoch = actor.quorum?.leader.epoch ?? 0
    const records = values.map(value => Buffer.from(value))
    const appended = actor.quorum?.append(records, epoch, this.#nowMs)
    if (appended === undefined) this.#say(actor, 'does not lead')
    else this.#take(actor, appended.effects)
  }

  #flush (actor: Actor): void {
    actor.holds = false
    for (const report of actor.held.splice(0)) this.#flushed(actor, report)
  }

  #flushed (actor: Actor, report: { endOffset: bigint, generation: number }): void {
    const { endOffset, generation } = report
    actor.disk.flush(endOffset)
    this.#input(actor, quorum => quorum.flushed(endOffset, generation, this.#nowMs))
  }

  #snapshot (actor: Actor): void {
    const endOffset = actor.highWatermark
    const epoch = actor.quorum?.epochAt(endOffset - 1n) ?? -1
    const bytes = Buffer.alloc(SNAPSHOT_BYTES)
    const snapshot = { endOffset, epoch, sizeBytes: bytes.length }
    actor.disk.keepSnapshot({ ...snapshot, bytes })
    this.#say(actor, `has snapshot ${endOffset}-${epoch}`)
    this.#input(actor, quorum => quorum.snapshotTaken(snapshot, this.#nowMs))
  }

  #log (actor: Actor): void {
    const { disk } = actor
    const snapshot = disk.snapshots.at(-1)
    if (snapshot !== undefined) this.#say(actor, `snapshot ${snapshot.endOffset}-${snapshot.epoch}`)
    for (const batch of disk.batches) {
      const values = isControl(batch.bytes)
        ? '(leader change)'
        : [...recordsOf(batch.bytes)].map(({ value }) => String(value)).join(' ')
      this.#say(actor, `${batch.base} @${batch.epoch} ${values}`)
    }
  }

  #say (actor: Actor, text: string): void { this.#lines.push(`${actor.id}: ${text}`) }

  #input (actor: Actor, tell: (quorum: Quorum) => Effect[]): void {
    if (actor.quorum !== undefined) this.#take(actor, tell(actor.quorum))
  }

  #take (actor: Actor, effects: Effect[]): void {
    const isFirst = actor.queue.length === 0
    actor.queue.push(...effects)
    if (!isFirst) return
    for (let effect = actor.queue[0]; effect !== undefined; effect = actor.queue[0]) {
      this.#perform(actor, effect)
      actor.queue.shift()
    }
  }

  #perform (actor: Actor, effect: Effect): void {
    const { disk } = actor
    switch (effect.do) {
      case 'saveVote': {
        const { epoch, leaderId, votedId } = effect.vote
        const voted = votedId < 0 ? '' : `, voted ${votedId}`
        const leader = leaderId < 0 ? '' : `, leader ${leaderId}`
        this.#say(actor, `saves epoch ${epoch}${voted}${leader}`)
        disk.vote = effect.vote
        return
      }
      case 'appendLog': {
        const place = { baseOffset: effect.baseOffset, epoch: effect.epoch, timestampMs: 0 }
        this.#say(actor, `appends ${effect.baseOffset} to ${effect.endOffset - 1n}`)
        return this.#written(actor, entryBatch(effect.entry, place), effect)
      }
      case 'copyLog':
        this.#say(actor, `copies up to ${effect.endOffset - 1n}`)
        return this.#written(actor, effect.batches, effect)
      case 'truncateLog':
        this.#say(actor, `cuts its log at ${effect.offset}`)
        disk.truncate(effect.offset)
        return this.#flushed(actor, { endOffset: effect.offset, generation: effect.generation })
      case 'send': return this.#post(actor, effect)
      case 'reply': return this.#answer(actor, effect.requestId, effect)
      case 'replyFromLog': {
        const records = disk.read(effect.offset, effect.endOffset, effect.bytesMax)
        const response = withPartition(effect.response.responses, { records })
        return this.#answer(actor, effect.requestId,
          { api: 'Fetch', response: { ...effect.response, responses: response } } as never)
      }
      case 'replyFromSnapshot': {
        const bytes = disk.snapshot(effect.id)?.bytes ?? Buffer.alloc(0)
        const unalignedRecords = bytes.subarray(effect.position, effect.position + effect.bytesMax)
        const topics = withPartition(effect.response.topics, { unalignedRecords })
        return this.#answer(actor, effect.requestId,
          { api: 'FetchSnapshot', response: { ...effect.response, topics } } as never)
      }
      case 'storeSnapshot':
        if (effect.position === 0) actor.download = []
        actor.download.push(effect.bytes)
        return
      case 'installSnapshot': return this.#install(actor, effect)
      case 'advanceHighWatermark':
        actor.highWatermark = effect.offset
        return this.#say(actor, `high watermark ${effect.offset}`)
      case 'becomeLeader': return this.#say(actor, `leads epoch ${effect.epoch}`)
      case 'changeLeader':
        return this.#say(actor, effect.leaderId < 0
          ? `knows no leader in epoch ${effect.epoch}`
          : `follows ${effect.leaderId} in epoch ${effect.epoch}`)
      case 'fail': return this.#say(actor, `FAILS: ${effect.reason}`)
    }
  }

  #written (
    actor: Actor, bytes: Buffer, report: { endOffset: bigint, generation: number }
  ): void {
    const { endOffset, generation } = report
    actor.disk.append(bytes)
    this.#input(actor, quorum => quorum.written(endOffset, generation, this.#nowMs))
    if (actor.holds) actor.held.push({ endOffset, generation })
    else this.#flushed(actor, report)
  }

  #install (actor: Actor, { id }: Effect & { do: 'installSnapshot' }): void {
    const bytes = Buffer.concat(actor.download)
    const snapshot = { ...id, sizeBytes: bytes.length }
    this.#say(actor, `installs snapshot ${id.endOffset}-${id.epoch}, ${bytes.length} bytes`)
    actor.disk.installSnapshot({ ...snapshot, bytes })
    this.#input(actor, quorum => quorum.snapshotInstalled(
      snapshot, { voters: undefined, kraftVersion: 0 }, this.#nowMs))
  }

  #post (actor: Actor, effect: Effect & { do: 'send' }): void {
    const { to, correlationId, api } = effect
    const from = actor.id
    const request = reencode(api, 'request', effect.request)
    const drop = (): void => this.#input(this.#actor(from), quorum => quorum.step(
      { is: 'failure', from: to, correlationId, unsupportedVersion: false }, this.#nowMs))
    const deliver = (): void => {
      const target = this.#actor(to)
      if (target.quorum === undefined) return drop()
      const requestId = this.#nextRequestId
      this.#nextRequestId += 1
      this.#asked.set(requestId, { from, correlationId })
      const message = { is: 'request', requestId, api, request } as QuorumMessage
      this.#input(target, quorum => quorum.step(message, this.#nowMs))
    }
    this.#mail.push({ from, to, text: requestText(effect), deliver, drop })
  }

  #answer (actor: Actor, requestId: number, answer: OutgoingResponse): void {
    const asked = this.#asked.get(requestId)
    if (asked === undefined) return
    this.#asked.delete(requestId)
    const { from: to, correlationId } = asked
    const { api } = answer
    const response = reencode(api, 'response', answer.response)
    const from = actor.id
    const message = { is: 'response', from, correlationId, api, response } as QuorumMessage
    this.#mail.push({
      from,
      to,
      text: responseText(answer),
      deliver: () => {
        this.#input(this.#actor(to), quorum => quorum.step(message, this.#nowMs))
      },
      drop: () => {},
    })
  }
}

function withPartition<T extends { partitions: readonly object[] }> (
  topics: readonly T[], more: object
): unknown[] {
  return topics.map(topic => ({
    ...topic, partitions: topic.partitions.map(partition => ({ ...partition, ...more })),
  }))
}

function requestText ({ api, request }: OutgoingRequest): string {
  const partition = request.topics[0]?.partitions[0] as any
  switch (api) {
    case 'Vote': {
      const { preVote, replicaEpoch, lastOffset, lastOffsetEpoch } = partition
      return `${preVote ? 'PreVote' : 'Vote'} epoch ${replicaEpoch}, ` +
        `log ends at ${lastOffset} in ${lastOffsetEpoch}`
    }
    case 'BeginQuorumEpoch': return `BeginQuorumEpoch ${partition.leaderEpoch}`
    case 'EndQuorumEpoch': return `EndQuorumEpoch ${partition.leaderEpoch}, ` +
      `successors ${partition.preferredSuccessors.join(' ') || 'none'}`
    case 'Fetch': return `Fetch from ${partition.fetchOffset} ` +
      `after ${partition.lastFetchedEpoch}, epoch ${partition.currentLeaderEpoch}`
    case 'FetchSnapshot': return `FetchSnapshot ${partition.snapshotId.endOffset}-` +
      `${partition.snapshotId.epoch} from ${partition.position}`
  }
}

function responseText ({ api, response }: OutgoingResponse): string {
  const topics = api === 'Fetch' ? response.responses : response.topics
  const partition = topics[0]?.partitions[0] as any
  const errorCode = response.errorCode ?? 0
  if (partition === undefined) return `${api} ${errorName(errorCode)}`
  if ((partition.errorCode ?? 0) !== 0) {
    return `${api} ${errorName(partition.errorCode)}${leaderText(partition)}`
  }
  switch (api) {
    case 'Vote': return `Vote ${partition.voteGranted ? 'granted' : 'refused'}` +
      leaderText(partition)
    case 'Fetch': {
      const { divergingEpoch, snapshotId, records, highWatermark } = partition
      if (divergingEpoch !== undefined) {
        return `Fetch diverging: ${divergingEpoch.epoch} ends at ${divergingEpoch.endOffset}`
      }
      if (snapshotId !== undefined) {
        return `Fetch snapshot ${snapshotId.endOffset}-${snapshotId.epoch}`
      }
      return `Fetch ${records.length > 0 ? 'records' : 'nothing'}, high watermark ${highWatermark}`
    }
    case 'FetchSnapshot': return `FetchSnapshot ${partition.unalignedRecords.length} ` +
      `of ${partition.size} bytes`
    default: return `${api} ok`
  }
}

function leaderText (partition: any): string {
  const { leaderId, leaderEpoch } = partition.currentLeader ?? partition
  return leaderId >= 0 ? `, ${leaderId} leads ${leaderEpoch}` : `, epoch ${leaderEpoch}`
}
