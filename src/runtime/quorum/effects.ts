/**
 * Performs the quorum machine's effects under their order contract: one after another, and
 * nothing behind what must be durable first.
 */
import type { Effect, QuorumMessage, ResponseWritten, SnapshotId } from '../../core/quorum/effects.ts'
import type { StoredSnapshot } from '../../core/quorum/log-view.ts'
import type { Quorum } from '../../core/quorum/quorum.ts'
import type { Log, Table } from '../../store/contract.ts'
import { decodeSnapshot } from './checkpoint.ts'
import { UnsupportedVersionError } from './contract.ts'
import type { QuorumTransport } from './contract.ts'
import type { Delivery } from './delivery.ts'
import { areIntact, entryBatch, takeBytes } from './log.ts'
import { saveVote } from './snapshots.ts'
import type { SnapshotStore } from './snapshots.ts'
import type { LogLevel } from '../environment.ts'
import { code } from '../../../protocol/errors.ts'

/** Downloads are bounded: the metadata of a million partitions is a tenth of it. */
const SNAPSHOT_BYTES_MAX = 1024 * 1024 * 1024

export interface EffectNeeds {
  readonly quorum: Quorum
  readonly nodeId: number
  readonly log: Log
  readonly table: Table
  readonly prefix: string
  readonly snapshots: SnapshotStore
  readonly delivery: Delivery
  readonly transport: QuorumTransport
  sync (): Promise<void>
  /** What the batches' timestamps are taken from. */
  nowMs (): number
  /** Tells the machine something; what it wants done goes to the end of the queue. */
  input (tell: (quorum: Quorum, monotonicMs: number) => Effect[]): void
  answer (requestId: number, response: ResponseWritten<never>): void
  onFailed (error: unknown): void
  report (level: LogLevel, message: string, fields?: object): void
}

export class EffectQueue {
  readonly #needs: EffectNeeds
  #queue: Effect[] = []
  #draining = false
  #stopped = false
  #idle: Array<() => void> = []
  #download: { id: SnapshotId, parts: Buffer[], bytes: number } | undefined

  constructor (needs: EffectNeeds) { this.#needs = needs }

  add (effects: readonly Effect[]): void {
    this.#queue.push(...effects)
    if (!this.#draining) this.#drain()
  }

  /** Resolves when everything asked for so far is done. */
  whenIdle (): Promise<void> {
    return new Promise(resolve => {
      if (this.#draining) this.#idle.push(resolve)
      else resolve()
    })
  }

  stop (): void {
    this.#stopped = true
    this.#queue = []
  }

  #drain (): void {
    this.#draining = true
    try {
      for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) {
        const durable = this.#perform(effect)
        if (durable === undefined) continue
        durable.then(() => { this.#drain() }, error => { this.#fail(error) })
        return
      }
    } catch (error) {
      return this.#fail(error)
    }
    this.#draining = false
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  #fail (error: unknown): void {
    if (this.#stopped) return
    this.stop()
    this.#needs.onFailed(error)
  }

  /** A promise for what nothing may overtake. */
  #perform (effect: Effect): Promise<void> | undefined {
    const { delivery, nodeId, table, prefix } = this.#needs
    switch (effect.do) {
      case 'saveVote': return saveVote(table, prefix, effect.vote)
      case 'appendLog': return this.#append(entryBatch(effect.entry, {
        baseOffset: effect.baseOffset, epoch: effect.epoch, timestampMs: this.#needs.nowMs(),
      }), effect)
      case 'copyLog': return this.#append(effect.batches, effect)
      case 'truncateLog': return this.#truncate(effect)
      case 'send': this.#send(effect); return undefined
      case 'reply': this.#needs.answer(effect.requestId, effect.response as never); return undefined
      case 'replyFromLog': this.#replyFromLog(effect); return undefined
      case 'replyFromSnapshot': this.#replyFromSnapshot(effect); return undefined
      case 'storeSnapshot': this.#storePiece(effect); return undefined
      case 'installSnapshot': return this.#install(effect.id)
      case 'advanceHighWatermark': delivery.advanceTo(effect.offset); return undefined
      case 'becomeLeader':
        delivery.becomeLeader(nodeId, effect.epoch, effect.startOffset)
        return undefined
      case 'changeLeader':
        delivery.changeLeader({ id: effect.leaderId, epoch: effect.epoch })
        return undefined
      case 'fail': throw new Error(effect.reason)
    }
  }

  #append (
    batches: Buffer, { endOffset, generation }: { endOffset: bigint, generation: number }
  ): undefined {
    const { log, sync, input } = this.#needs
    const failed = (error: unknown): void => { this.#fail(error) }
    log.append(batches, false).then(() => {
      input((quorum, monotonicMs) => quorum.written(endOffset, generation, monotonicMs))
    }, failed)
    sync().then(() => {
      input((quorum, monotonicMs) => quorum.flushed(endOffset, generation, monotonicMs))
    }, failed)
    return undefined
  }

  async #truncate (effect: Effect & { do: 'truncateLog' }): Promise<void> {
    const { log, sync, input } = this.#needs
    const { offset, generation } = effect
    await log.truncate(offset)
    await sync()
    input((quorum, monotonicMs) => quorum.flushed(offset, generation, monotonicMs))
  }

  #send (effect: Effect & { do: 'send' }): void {
    const { transport, input, report } = this.#needs
    const { to: from, correlationId, api } = effect
    const tell = (message: QuorumMessage): void => {
      if (!this.#stopped) input((quorum, monotonicMs) => quorum.step(message, monotonicMs))
    }
    const failed = (error: unknown): void => {
      const unsupportedVersion = error instanceof UnsupportedVersionError
      tell({ is: 'failure', from, correlationId, unsupportedVersion })
    }
    transport.send(from, effect as never).then(response => {
      const message = { is: 'response', from, correlationId, api, response } as QuorumMessage
      if (!isSound(message)) {
        report('warn', `node ${from} sent metadata records with a wrong checksum`)
        return failed(undefined)
      }
      tell(message)
    }, failed)
  }

  #replyFromLog (effect: Effect & { do: 'replyFromLog' }): void {
    const { log, quorum, answer, report } = this.#needs
    const { requestId, response, offset, endOffset, bytesMax } = effect
    const { epoch } = quorum.leader
    const fill = (errorCode: number, records: Buffer): void => {
      const [topic] = response.responses
      const [partition] = topic?.partitions ?? []
      if (topic === undefined || partition === undefined) return
      const partitions = [{ ...partition, errorCode, records }]
      answer(requestId, { ...response, responses: [{ ...topic, partitions }] } as never)
    }
    const none = Buffer.alloc(0)
    Promise.resolve().then(() => log.read(offset, endOffset, bytesMax, true)).then(read => {
      const records = takeBytes(read)
      // While the disk was read, another leader may have cut the log: these are not our records.
      const leads = quorum.isLeader && quorum.leader.epoch === epoch
      fill(leads ? code.NONE : code.NOT_LEADER_OR_FOLLOWER, leads ? records : none)
    }, (error: unknown) => {
      report('warn', 'the metadata log could not be read for a follower', { error })
      fill(code.UNKNOWN_SERVER_ERROR, none)
    })
  }

  #replyFromSnapshot (effect: Effect & { do: 'replyFromSnapshot' }): void {
    const { snapshots, answer } = this.#needs
    const { requestId, response, id, position, bytesMax } = effect
    const bytes = snapshots.read(id, position, bytesMax)
    const [topic] = response.topics
    const [partition] = topic?.partitions ?? []
    if (topic === undefined || partition === undefined) return
    const filled = bytes === undefined
      ? { ...partition, errorCode: code.SNAPSHOT_NOT_FOUND }
      : { ...partition, unalignedRecords: bytes }
    answer(requestId, { ...response, topics: [{ ...topic, partitions: [filled] }] } as never)
  }

  #storePiece ({ id, position, bytes }: Effect & { do: 'storeSnapshot' }): void {
    if (position === 0) this.#download = { id, parts: [], bytes: 0 }
    const download = this.#download
    if (download === undefined) return
    download.bytes += bytes.length
    // One piece too many is enough to have the whole refused.
    if (download.bytes <= SNAPSHOT_BYTES_MAX) download.parts.push(Buffer.from(bytes))
  }

  /** 2.10.12: the snapshot is durable before the log makes room for it. */
  async #install (id: SnapshotId): Promise<void> {
    const { log, snapshots, delivery, input, report, sync } = this.#needs
    const bytes = Buffer.concat(this.#download?.parts ?? [])
    this.#download = undefined
    let content: ReturnType<typeof decodeSnapshot>
    try {
      content = decodeSnapshot(bytes)
    } catch (error) {
      report('error', 'a downloaded snapshot of the metadata log is not sound', { error })
      input((quorum, monotonicMs) => quorum.snapshotRefused(monotonicMs))
      return
    }
    const older = snapshots.list()
    const stored: StoredSnapshot = await snapshots.write(id, bytes)
    await log.reset(id.endOffset)
    await sync()
    for (const snapshot of older) {
      if (snapshot.endOffset !== id.endOffset) await snapshots.remove(snapshot)
    }
    delivery.load(id, content.records)
    input((quorum, monotonicMs) => quorum.snapshotInstalled(stored, content, monotonicMs))
  }
}

function isSound (message: QuorumMessage): boolean {
  if (message.is !== 'response' || message.api !== 'Fetch') return true
  try {
    return message.response.responses.every(topic => topic.partitions
      .every(({ records }) => records === null || areIntact(records)))
  } catch {
    return false
  }
}
