/**
 * What a restart must restore besides the records: whatever the last life had derived, of the
 * store, of each partition, of the cluster and of its own votes, is compared with what the next one
 * finds. A kill keeps what was written, a stop everything; a power loss only what the quorum has
 * promised.
 */
import type { Segment } from '../../src/core/replica/segments.ts'
import { METADATA_LOG } from '../../src/runtime/quorum/running.ts'
import { loadVote, TableSnapshots } from '../../src/runtime/quorum/snapshots.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import type { Store } from '../../src/store/store.ts'
import { text } from './derived.ts'
import type { Death, Life } from './harness.ts'
import { filesOf, keptFiles, lostExtents, storeState } from './store-state.ts'
import type { StoreState } from './store-state.ts'
import type { World } from './world.ts'

interface PartitionState {
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly epochs: readonly string[]
  readonly producers: ReadonlyMap<string, string>
  /** Those below the newest checkpoint with their times, which are nowhere in the log. */
  readonly segments: readonly string[]
  /** No segment is left out. */
  readonly isWhole: boolean
  readonly aborted: string
}

/** What is committed of the cluster, if nothing more was on its way. */
interface ClusterState {
  readonly offset: bigint
  readonly topics: string
  readonly configs: string
  readonly snapshots: string
}

interface Ended {
  readonly death: Death
  readonly store: StoreState
  readonly partitions: ReadonlyMap<string, PartitionState>
  readonly cluster: ClusterState | undefined
}

export class Restored {
  readonly #world: World
  #ended: Ended | undefined
  /** Puts that are not durable yet. */
  #puts = 0
  /** Of the metadata quorum, over all lives. */
  #quorumEpoch = -1
  #votedEpoch = -1

  constructor (world: World) { this.#world = world }

  /** `broker` is what was serving, if anything was. */
  dying (life: Life, death: Death): void {
    const { store, broker } = life
    const before = this.#ended
    this.#ended = undefined
    // A start that was interrupted has changed nothing that it had to restore.
    if (store === undefined || life.failedAtMs !== undefined) {
      if (death !== 'power-loss' && death !== 'failed' && store === undefined) this.#ended = before
      return
    }
    if (death === 'failed') return
    const state = storeState(store)
    const partitions = new Map<string, PartitionState>()
    if (broker !== undefined && !state.isWriting && death !== 'power-loss') {
      for (const partition of broker.replicas.all()) {
        const { name } = partition.log
        // What nobody has asked for is what it was before this life.
        const state = partition.isLoaded ? partitionState(partition, death === 'stop') : before?.partitions.get(name)
        if (partition.available && !partition.settings.compacts && state !== undefined) {
          partitions.set(name, state)
        }
      }
    }
    const isSettled = broker !== undefined &&
      store.findLog(METADATA_LOG)?.endOffset === broker.metadata.lastAppliedOffset + 1n &&
        this.#puts === 0
    this.#ended = {
      death, store: state, partitions, cluster: isSettled ? clusterState(store, broker) : undefined,
    }
  }

  opened (store: Store): void {
    this.#checkFiles(store)
    const before = this.#ended
    if (before !== undefined && before.death !== 'power-loss') this.#compareStore(before, storeState(store))
    this.#puts = 0
    this.#votedEpoch = votedEpoch(store)
    this.#countPuts(store)
  }

  serving (life: Life): void {
    const { broker } = life
    if (broker === undefined) return
    const epoch = broker.quorum.leader?.epoch ?? -1
    const least = Math.max(this.#quorumEpoch, this.#votedEpoch)
    if (epoch <= least) this.#fail('vote', `elected in epoch ${epoch}, after a vote or a leader of ${least}`)
    this.#quorumEpoch = epoch
    const { store } = life
    if (this.#ended === undefined || store === undefined) return
    const { cluster, partitions } = this.#ended
    if (cluster !== undefined) this.#compareCluster(cluster, clusterState(store, broker))
    for (const partition of broker.replicas.all()) {
      const known = partitions.get(partition.log.name)
      // The others are left to whoever asks first: this must not be always the same.
      if (known !== undefined && this.#world.random.chance(0.5)) {
        void this.#world.spawn('restored', () => this.#compareLoaded(life, partition, known))
      }
    }
  }

  async #compareLoaded (life: Life, partition: Partition, known: PartitionState): Promise<void> {
    await partition.whenLoaded()
    if (!life.isAlive() || life.failedAtMs !== undefined || !partition.available) return
    this.#comparePartition(partition.name, known, partitionState(partition, true))
  }

  #fail (what: string, detail: string): void { this.#world.fail('restored', `${what}: ${detail}`) }

  #same (what: string, before: unknown, after: unknown): void {
    if (before === after) return
    const death = this.#ended?.death ?? 'death'
    this.#fail(what, `it was ${String(before)}, and is ${String(after)} after the ${death}`)
  }

  /** Nothing is left of what was interrupted, and nothing is missing. */
  #checkFiles (store: Store): void {
    const files = filesOf(store)
    const { disk } = this.#world
    this.#same('the volumes on the disk', files.volumes.join(' '), disk.filesIn('/data/volumes').join(' '))
    this.#same('the journal on the disk', files.journal.join(' '), disk.filesIn('/data/journal').join(' '))
    const { bySum, byJournal } = keptFiles(store)
    // What a flush under way takes into the volume is its journal file's still.
    if (!storeState(store).isFlushing) this.#same('the journal files that are kept', bySum, byJournal)
    const lost = lostExtents(store)
    if (lost.length > 0) this.#fail('volumes', `${lost.join(', ')} lies in one that is not there`)
  }

  #compareStore ({ death, store: before }: Ended, after: StoreState): void {
    if (after.generation <= before.generation) this.#fail('generation', `${before.generation} to ${after.generation}`)
    // A flush that was interrupted may have taken numbers for what compaction rewrites.
    if (after.nextLogNumber < before.nextLogNumber && !before.isWriting && !before.isFlushing) {
      this.#fail('the next log number', `${before.nextLogNumber} to ${after.nextLogNumber}`)
    }
    if (this.#puts === 0 || death === 'stop') this.#compareTable(before, after)
    if (!before.isWriting) this.#compareLogs(before, after, death)
    this.#compareVolumes(before, after)
  }

  #compareTable (before: StoreState, after: StoreState): void {
    this.#same('keys of the table', [...before.table.keys()].sort().join(' '), [...after.table.keys()].sort().join(' '))
    for (const [key, value] of before.table) if (after.table.get(key) !== value) this.#fail('table', `${key} has changed`)
  }

  #compareLogs (before: StoreState, after: StoreState, death: Death): void {
    this.#same('the logs', [...before.logs.keys()].sort().join(' '), [...after.logs.keys()].sort().join(' '))
    for (const [name, log] of before.logs) {
      const now = after.logs.get(name)
      if (now === undefined) continue
      for (const key of ['number', 'reserve', 'startOffset', 'endOffset', 'byteSize'] as const) {
        this.#same(`${key} of ${name}`, log[key], now[key])
      }
      // A mark of damage comes with the next flush.
      if (death === 'stop') this.#same(`damaged of ${name}`, log.damaged, now.damaged)
    }
  }

  /** A flush at the start has taken what was pending, and may have sealed the active volume. */
  #compareVolumes (before: StoreState, after: StoreState): void {
    for (const [number, volume] of before.volumes) {
      const now = after.volumes.get(number)
      if (now === undefined) continue
      const isActive = number === before.active
      if (isActive && (before.isFlushing || before.isWriting)) continue
      const expected = volume.bytes + (isActive ? before.pendingBytes : 0)
      // What sealed volumes have left may have been copied forward, too.
      const copied = isActive && before.volumes.size > 1 && now.bytes > expected
      if (!copied) this.#same(`bytes of volume ${number}`, expected, now.bytes)
      if (!isActive) this.#same(`files of volume ${number}`, volume.files, now.files)
      if (volume.sealed) this.#same(`sealed, volume ${number}`, true, now.sealed)
    }
    if (before.active === after.active) this.#same('the age of the active volume', before.createdMs, after.createdMs)
    if (after.active < before.active) this.#fail('the active volume', `${before.active} to ${after.active}`)
  }

  #compareCluster (before: ClusterState, after: ClusterState): void {
    if (after.offset < before.offset) this.#fail('the metadata', `${before.offset} was committed, ${after.offset} is`)
    this.#same('topics', before.topics, after.topics)
    this.#same('configurations', before.configs, after.configs)
    if (!after.snapshots.startsWith(before.snapshots)) {
      // A snapshot that is written takes the place of older ones.
      if (after.snapshots === '') this.#fail('snapshots', `${before.snapshots} are gone`)
    }
  }

  #comparePartition (name: string, before: PartitionState, after: PartitionState): void {
    this.#same(`start of ${name}`, before.startOffset, after.startOffset)
    this.#same(`end of ${name}`, before.endOffset, after.endOffset)
    this.#same(`aborted transactions of ${name}`, before.aborted, after.aborted)
    // The one of this life stands behind them.
    this.#same(`leader epochs of ${name}`, before.epochs.join(' '), after.epochs.slice(0, before.epochs.length).join(' '))
    for (const [id, entry] of before.producers) this.#same(`producer ${id} of ${name}`, entry, after.producers.get(id))
    const segments = after.segments.slice(0, before.segments.length)
    this.#same(`segments of ${name}`, before.segments.join(', '), segments.join(', '))
    if (before.isWhole) this.#same(`segments of ${name}`, before.segments.length, after.segments.length)
  }

  #countPuts (store: Store): void {
    const { table } = store
    const counted = async (change: Promise<void>): Promise<void> => {
      this.#puts++
      await change
      this.#puts--
    }
    const put = table.put.bind(table)
    const remove = table.remove.bind(table)
    table.put = (key, value) => counted(put(key, value))
    table.remove = key => counted(remove(key))
  }
}

type Broker = NonNullable<Life['broker']>

/** Segments that a checkpoint has with their times; what comes behind it is given times anew. */
function partitionState (partition: Partition, isCheckpointed: boolean): PartitionState {
  const { state, startOffset, endOffset, log } = partition
  const until = isCheckpointed
    ? endOffset
    : log.checkpoint?.isDurable === true ? log.checkpoint.offset : -1n
  const { all } = state.segments
  return {
    startOffset,
    endOffset,
    // Of an epoch without records nothing is left.
    epochs: state.epochs.entries.filter(({ startOffset: start }) => start < endOffset).map(({ epoch, startOffset: start }) => `${epoch}@${start}`),
    producers: new Map([...state.producers.entries].map(entry => [`${entry.producerId}`, text(entry)])),
    isWhole: isCheckpointed,
    segments: all.filter(
      (_segment, index) => (all[index + 1]?.baseOffset ?? endOffset) <= until
    ).map(segmentText),
    aborted: text(state.aborted.entries),
  }
}

function segmentText (segment: Segment): string {
  const { baseOffset, bytes, maxTimestamp, firstTimestamp, createdMs, modifiedMs } = segment
  return `${baseOffset}: ${bytes} bytes, ${firstTimestamp} to ${maxTimestamp}, ${createdMs} to ${modifiedMs}`
}

function clusterState (store: Store, { metadata }: Broker): ClusterState {
  const topics = [...metadata.topics].map(({ name, id, partitions }) => `${name} ${id} ${partitions.length}`)
  return {
    offset: metadata.lastAppliedOffset,
    topics: topics.sort().join(', '),
    configs: metadata.toRecords().map(text).filter(each => each.includes('resourceName')).sort().join('\n'),
    snapshots: new TableSnapshots(store.table, METADATA_LOG).list().map(({ endOffset }) => `${endOffset}`).join(' '),
  }
}

/** The epoch of the vote that is stored. */
function votedEpoch (store: Store): number {
  return loadVote(store.table, METADATA_LOG)?.epoch ?? -1
}
