/** A group of whatever kind: what the rules that all kinds share speak of. */
import type { ClassicGroup } from './classic/group.ts'

/** The kinds are told apart by `kind`. */
export type Group = ClassicGroup

export type Groups = Map<string, Group>

/**
 * The one place where requests and records of classic groups find theirs: another kind's group is
 * none.
 */
export function classicGroup (groups: Groups, groupId: string): ClassicGroup | undefined {
  const group = groups.get(groupId)
  return group?.kind === 'classic' ? group : undefined
}
