/** `ottla groups list` and `describe`. */
import { code } from '../../../protocol/errors.ts'
import type { Client } from '../../client/client.ts'
import { about } from '../error.ts'
import { byPartition, committedOffsets, describeGroup, findGroups, readersOf } from './requests.ts'
import type { DescribedGroup, ListedGroup } from './requests.ts'
import { findOffsets, mark, partitionKey } from '../offset-lookup.ts'
import { show, showJson } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import { say, write } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import type { SharedOptions } from '../with-client.ts'

const NONE = 'no groups: a consumer that subscribes or commits makes one'

export async function listGroups (
  options: SharedOptions & { state: readonly string[] }, terminal: Terminal
): Promise<void> {
  const groups = await withClient(options, client => findGroups(client, options.state))
  await show(terminal, options, {
    columns: ['group', 'state', 'type', 'protocol'], rows: groups.map(group => ({ ...group })), nothing: NONE,
  })
}

export async function describeGroups (
  names: readonly string[], options: SharedOptions & { members?: boolean }, terminal: Terminal
): Promise<void> {
  const described = await withClient(options, async client => {
    const wanted = names.length > 0
      ? names
      : (await findGroups(client)).filter(isOfConsumers).map(({ group }) => group)
    const found: FullGroup[] = []
    for (const name of wanted) found.push(await about(`group ${name}`, () => fullGroup(client, name)))
    return found
  })
  if (options.json === true) {
    return await showJson(terminal,
      described.map(({ group, offsets }) => ({ ...jsonOf(group), offsets })))
  }
  if (described.length === 0) return say(terminal, NONE)
  for (const [index, { group, offsets }] of described.entries()) {
    const protocol = group.protocol === '' ? '' : `, ${group.protocol}`
    await write(terminal.output, `${index > 0 ? '\n' : ''}${group.group}  ${group.state} (${group.type}${protocol})  ` +
      `coordinator ${group.coordinator}  ${group.members.length} members\n`)
    if (options.members === true) await showMembers(group, terminal)
    else await showOffsets(group, offsets, terminal)
  }
}

/**
 * Share and streams groups have commands of their own with Kafka; brokers of before KIP-848 tell no
 * type.
 */
function isOfConsumers ({ type }: ListedGroup): boolean { return ['', 'classic', 'consumer'].includes(type.toLowerCase()) }

type Offsets = Awaited<ReturnType<typeof offsetsOf>>
interface FullGroup { readonly group: DescribedGroup, readonly offsets: Offsets }

async function fullGroup (client: Client, name: string): Promise<FullGroup> {
  const group = await describeGroup(client, name)
  return { group, offsets: await offsetsOf(client, group) }
}

/** Every partition that the group has committed or reads now. */
async function offsetsOf (client: Client, group: DescribedGroup) {
  const committed = await committedOffsets(client, group.group)
  const readers = readersOf(group)
  const known = new Map(committed.map(each => [partitionKey(each), each]))
  const all =
    [...committed, ...[...readers.values()].filter(each => !known.has(partitionKey(each)))]
      .map(({ topic, partition }) => ({ topic, partition })).sort(byPartition)
  const ends = all.length === 0 ? [] : await findOffsets(client, all, mark.latest)
  return ends.map(({ topic, partition, offset, errorCode }) => {
    const key = partitionKey({ topic, partition })
    const current = known.get(key)
    const end = errorCode === code.NONE ? offset : null
    const reader = readers.get(key)?.member
    return {
      topic,
      partition,
      currentOffset: current?.offset ?? null,
      logEndOffset: end,
      lag: current === undefined || end === null ? null : end - current.offset,
      memberId: reader?.memberId ?? null,
      host: reader?.host ?? null,
      clientId: reader?.clientId ?? null,
      metadata: current?.metadata ?? null,
    }
  })
}

function jsonOf ({ group, state, type, protocol, coordinator, members }: DescribedGroup) {
  return { group, state, type, protocol, coordinator, members: members.map(member => ({
    ...member,
    partitions: member.partitions.map(({ topic, partitions }) => ({ topic, partitions })),
  })) }
}

async function showMembers ({ members }: DescribedGroup, terminal: Terminal): Promise<void> {
  await show(terminal, {}, {
    columns: ['memberId', 'instanceId', 'clientId', 'host', 'partitions'],
    rows: members.map(({ memberId, instanceId, clientId, host, partitions }) => ({
      memberId, instanceId, clientId, host, partitions: partitions.map(each => `${each.topic}:${each.partitions.join(',')}`),
    })),
    nothing: 'it has no members',
  })
}

async function showOffsets (
  group: DescribedGroup, offsets: Offsets, terminal: Terminal
): Promise<void> {
  await show(terminal, {}, {
    columns: ['topic', 'partition', 'currentOffset', 'logEndOffset', 'lag', ...group.members.length === 0
      ? []
      : ['memberId' as const, 'host' as const, 'clientId' as const]],
    rows: offsets,
    nothing: 'it has committed nothing and reads nothing',
  })
}
