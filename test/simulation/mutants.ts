/**
 * Planted bugs that the simulation must catch: a harness that has not caught one proves nothing.
 * Each is a replacement in the compiled JavaScript, made while it is loaded with MUTANT=number.
 */

export interface Mutant {
  readonly number: number
  /** What it breaks. */
  readonly breaks: string
  /** Below the folder of the compiled program. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

export const mutants: readonly Mutant[] = [
  {
    number: 1,
    breaks: 'an append is acknowledged before the journal has it',
    file: 'src/store/log.js',
    find: 'return durable ? turn.whenDurable() : turn.whenCommitted();',
    replace: 'return Promise.resolve();',
  },
  {
    number: 2,
    breaks: 'flush mode acknowledges at the write, not at the sync',
    file: 'src/store/log.js',
    find: 'return durable ? turn.whenDurable() : turn.whenCommitted();',
    replace: 'return turn.whenCommitted();',
  },
  {
    number: 3,
    breaks: 'a journal file is used again before its turns are in a volume',
    file: 'src/store/journal.js',
    find: 'file.lastTurn > covered',
    replace: 'false',
  },
  {
    number: 4,
    breaks: 'a place is committed before its journal file is synced',
    file: 'src/store/flusher.js',
    find: "if (captured.places && core.options.mutant !== 'place-before-sync')",
    replace: 'if (false)',
  },
  {
    number: 5,
    breaks: 'a journal file that was replayed counts as synced',
    file: 'src/store/recovery.js',
    find: 'core.journal.markDirty(file);',
    replace: '',
  },
  {
    number: 6,
    breaks: 'replay stops before the last turn',
    file: 'src/store/recovery.js',
    find: 'if (!bodyIsIntact(found))',
    replace: 'if (!bodyIsIntact(found) || count === 2)',
  },
  {
    number: 7,
    breaks: 'a duplicate is appended again',
    file: 'src/core/producer/producer-state.js',
    find: "return { kind: 'duplicate', batch: duplicate };",
    replace: 'return APPEND;',
  },
  {
    number: 8,
    breaks: 'sequences are not looked at',
    file: 'src/core/producer/producer-state.js',
    find: 'return first === nextSequence(last.lastSequence);',
    replace: 'return true;',
  },
  {
    number: 9,
    breaks: 'an older producer epoch is not fenced',
    file: 'src/core/producer/producer-state.js',
    find: 'if (entry !== undefined && batch.producerEpoch < entry.epoch) {',
    replace: 'if (false) {',
  },
  {
    number: 10,
    breaks: 'producer state is not derived from the log at a start',
    file: 'src/runtime/replica/partition-load.js',
    find: 'state.replay(facts, context);',
    replace: 'state.epochs.assign(facts.leaderEpoch, facts.baseOffset);',
  },
  {
    number: 11,
    breaks: 'producer state stays ahead of a turn that the disk refused',
    file: 'src/runtime/replica/partition.js',
    find: 'if (!this.#isReloading) void this.#reload();',
    replace: '',
  },
  {
    number: 12,
    breaks: 'consumers read above the high watermark',
    file: 'src/runtime/replica/fetch.js',
    find: 'return readCommitted ? partition.lastStableOffset : partition.highWatermark;',
    replace: 'return partition.endOffset;',
  },
  {
    number: 13,
    breaks: 'the high watermark goes back at a start',
    file: 'src/runtime/replica/partition.js',
    find: 'this.#ownEnd = this.#highWatermark = log.endOffset;',
    replace: 'this.#ownEnd = this.#highWatermark = log.startOffset;',
  },
  {
    number: 14,
    breaks: 'an offset commit is answered before it is committed',
    file: 'src/runtime/coordinator/coordinator.js',
    find: 'if (this.#lastWritten <= this.#lastCommitted) {',
    replace: 'if (true) {',
  },
  {
    number: 15,
    breaks: 'the generation is not checked at a commit',
    file: 'src/core/group/classic/commit.js',
    find: 'if (generationId !== group.generationId)',
    replace: 'if (false)',
  },
  {
    number: 16,
    breaks: 'a coordinator starts without its log',
    file: 'src/runtime/coordinator/load.js',
    find: 'replayBatch(machine, batch, offset, skipped);',
    replace: '',
  },
  {
    number: 17,
    breaks: 'a member that is silent stays in its group',
    file: 'src/core/group/classic/heartbeat.js',
    find: 'step => expireMember(shard, step, group, member)',
    replace: '() => {}',
  },
  {
    number: 18,
    breaks: 'a partition has two owners',
    file: 'src/core/group/classic/sync.js',
    find: 'member.assignment = assignments.get(member.memberId) ?? NO_BYTES;',
    replace: 'member.assignment = [...assignments.values()][0] ?? NO_BYTES;',
  },
  {
    number: 19,
    breaks: 'metadata is acknowledged before its fsync',
    file: 'src/runtime/quorum/effects.js',
    find: 'sync().then(() => {',
    replace: 'Promise.resolve().then(() => {',
  },
  {
    number: 20,
    breaks: 'a snapshot of the metadata leaves out a topic',
    file: 'src/core/metadata/image.js',
    find: '...this.topics.records(metadataVersion),',
    replace: '...[...this.topics.records(metadataVersion)].slice(0, -1),',
  },
  {
    number: 21,
    breaks: 'what lies behind the checkpoint of a log is not looked at',
    file: 'src/runtime/replica/partition-load.js',
    find: 'let offset = checkpoint?.offset ?? log.startOffset;',
    replace: 'let offset = log.endOffset;',
  },
  {
    number: 22,
    breaks: 'a tombstone goes before its horizon',
    file: 'src/core/compaction/sieve.js',
    find: 'return horizonMs !== undefined && horizonMs <= BigInt(this.#rules.nowMs);',
    replace: 'return horizonMs !== undefined;',
  },
  {
    number: 23,
    breaks: 'the last record of a key counts as one before the last',
    file: 'src/core/compaction/sieve.js',
    find: 'return lastDistance < 0 || base + record.offsetDelta >= lastDistance;',
    replace: 'return lastDistance < 0 || base + record.offsetDelta > lastDistance;',
  },
  {
    number: 24,
    breaks: 'what is derived of a log is forgotten with its records',
    file: 'src/runtime/cleaner/compaction-pass.js',
    find: 'await this.#keepState();',
    replace: '',
  },
]

/**
 * The changed text. Throws if `find` does not occur exactly once, wherever its lines are broken.
 */
export function plant ({ number, find, replace }: Mutant, text: string): string {
  const words = find.match(/\w+|[^\w\s]/g) ?? []
  const escaped = words.map(word => word.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'))
  const parts = text.split(new RegExp(escaped.join('\\s*'), 'u'))
  if (parts.length !== 2) {
    throw new Error(`mutant ${number}: its text occurs ${parts.length - 1} times, not once`)
  }
  return parts.join(replace)
}
