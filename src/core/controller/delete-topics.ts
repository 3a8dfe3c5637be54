/** DeleteTopics on the controller (D12). */
import { code } from '../../../protocol/errors.ts'
import type {
  DeleteTopicsRequest, DeleteTopicsResponse,
} from '../../../protocol/messages/20-delete-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { RemoveTopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { Topic } from '../metadata/facts.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { shuffle } from './random.ts'

type View = Pick<ControllerView, 'image' | 'settings' | 'random'>
type Row = DeleteTopicsResponse['responses'][number]
interface Wanted { readonly name: string | null, readonly topicId: string }

export interface DeleteAccess {
  readonly mayDelete?: (name: string) => boolean
  readonly mayDescribe?: (name: string) => boolean
  /** D12.4: takes that many partition mutations; false if the strict quota has none left. */
  readonly admit?: (partitions: number) => boolean
}

/**
 * Deletion is off, or no row asks for one topic in one way: that is answered before the
 * controller's queue (D0.8).
 */
export function deletesNothing (
  request: DeleteTopicsRequest, version: number, { deleteTopicEnable }: Pick<View['settings'], 'deleteTopicEnable'>
): boolean {
  if (!deleteTopicEnable) return true
  const { names, ids } = asked(wantedOf(request, version))
  return names.size === 0 && ids.size === 0
}

function wantedOf (request: DeleteTopicsRequest, version: number): readonly Wanted[] {
  return version >= 6
    ? request.topics
    : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
}

export function deleteTopics (
  request: DeleteTopicsRequest, version: number, view: View, access: DeleteAccess = {}
): ControllerResult<DeleteTopicsResponse> {
  const wanted = wantedOf(request, version)
  if (!view.settings.deleteTopicEnable) return disabled(wanted, version)
  const { rows, topics } = sortOut(wanted, view, access)
  const records: MetadataEntry[] = []
  for (const topic of topics) {
    if (access.admit?.(topic.partitions.length) === false) {
      rows.push(rowOf(topic.name, topic.id,
        failure(code.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.')))
      continue
    }
    records.push(fullEntry(RemoveTopicRecord, 0, { topicId: topic.id }))
    rows.push({ name: topic.name, topicId: topic.id, errorCode: code.NONE, errorMessage: null })
  }
  if (exceedsBatch(records)) return wholeRequest(wanted, tooManyRecords)
  // D12.4: their order would tell which of the refused names exist.
  shuffle(rows, view.random)
  return { records, reply: { responses: rows } }
}

/** D12.1. */
function disabled (
  wanted: readonly Wanted[], version: number
): ControllerResult<DeleteTopicsResponse> {
  return wholeRequest(wanted, version < 3
    ? failure(code.INVALID_REQUEST, 'This version does not support topic deletion.')
    : failure(code.TOPIC_DELETION_DISABLED, 'Topic deletion is disabled.'))
}

function wholeRequest (
  wanted: readonly Wanted[], problem: Failure
): ControllerResult<DeleteTopicsResponse> {
  const responses = wanted.map(({ name, topicId }) => rowOf(name, topicId, problem))
  return { records: nothing, reply: { responses } }
}

function rowOf (name: string | null, topicId: string, problem: Failure): Row {
  return { name, topicId, ...problem }
}

interface Asked {
  /** Refused for what they are. */
  readonly rows: Row[]
  readonly names: Set<string>
  readonly ids: Set<string>
  readonly duplicateIds: ReadonlySet<string>
}

function invalidRow (name: string | null, topicId: string, text: string): Row {
  return rowOf(name, topicId, failure(code.INVALID_REQUEST, text))
}

/** D12.2, as far as the request alone tells it. */
function asked (wanted: readonly Wanted[]): Asked {
  const rows: Row[] = []
  const names = new Set<string>()
  const ids = new Set<string>()
  const duplicateNames = new Set<string>()
  const duplicateIds = new Set<string>()
  for (const { name, topicId } of wanted) {
    if (name === null) {
      if (topicId === ZERO_UUID) rows.push(invalidRow(null, ZERO_UUID, 'Neither topic name nor id were specified.'))
      else if (ids.has(topicId)) duplicateIds.add(topicId)
      else ids.add(topicId)
    } else if (topicId !== ZERO_UUID) {
      rows.push(invalidRow(name, topicId, 'You may not specify both topic name and topic id.'))
    } else if (names.has(name)) duplicateNames.add(name)
    else names.add(name)
  }
  for (const name of duplicateNames) {
    names.delete(name)
    rows.push(invalidRow(name, ZERO_UUID, 'Duplicate topic name.'))
  }
  for (const id of duplicateIds) {
    ids.delete(id)
    rows.push(invalidRow(null, id, 'Duplicate topic id.'))
  }
  return { rows, names, ids, duplicateIds }
}

/** D12.2-3: what is refused, and the topics that are left to delete. */
function sortOut (
  wanted: readonly Wanted[], { image }: View, access: DeleteAccess
): { rows: Row[], topics: Topic[] } {
  const { rows, names, ids, duplicateIds } = asked(wanted)
  for (const name of names) {
    const id = image.topics.find(name)?.id
    if (id === undefined || !(ids.has(id) || duplicateIds.has(id))) continue
    names.delete(name)
    ids.delete(id)
    rows.push(invalidRow(name, id, 'The provided topic name maps to an ID that was already supplied.'))
  }
  const topics =
    [...byId(ids, image.topics, access, rows), ...byName(names, image.topics, access, rows)]
  return { rows, topics }
}

type Topics = View['image']['topics']

function byId (ids: Set<string>, topics: Topics, access: DeleteAccess, rows: Row[]): Topic[] {
  const found: Topic[] = []
  for (const id of ids) {
    const topic = topics.withId(id)
    if (topic === undefined) {
      rows.push(rowOf(null, id, failure(code.UNKNOWN_TOPIC_ID)))
    } else if (access.mayDelete?.(topic.name) === false) {
      const mayKnow = access.mayDescribe?.(topic.name) !== false
      rows.push(rowOf(mayKnow ? topic.name : null, id, failure(code.TOPIC_AUTHORIZATION_FAILED)))
    } else found.push(topic)
  }
  return found
}

/** A name that may not even be described never tells whether it exists (D0.5). */
function byName (names: Set<string>, topics: Topics, access: DeleteAccess, rows: Row[]): Topic[] {
  const found: Topic[] = []
  for (const name of names) {
    const topic = topics.find(name)
    const mayDescribe = access.mayDescribe?.(name) !== false
    if (!mayDescribe || (topic !== undefined && access.mayDelete?.(name) === false)) {
      rows.push(rowOf(name, ZERO_UUID, failure(code.TOPIC_AUTHORIZATION_FAILED)))
    } else if (topic === undefined) {
      rows.push(rowOf(name, ZERO_UUID, failure(code.UNKNOWN_TOPIC_OR_PARTITION)))
    } else found.push(topic)
  }
  return found
}
