/**
 * What this release does not have, in words: for clients where an answer has a text, and for the
 * log.
 */
import { shortText } from '../core/short-text.ts'
import type { Broker } from './broker.ts'
import type { Call } from './handler.ts'

/** Names may be as long as 32 kB, and have any character. */
const NAME_LENGTH_MAX = 100

function quoted (name: string): string { return JSON.stringify(shortText(name, NAME_LENGTH_MAX)) }

export function transactionsAbsent (transactionalId: string): string {
  return `This release of ottla has no transactions, so transactional.id ${quoted(transactionalId)} cannot be used.`
}

export function shareGroupsAbsent (key: string): string {
  return `This release of ottla has no share groups, so the share ${quoted(key)} has no coordinator.`
}

/** One line a client and name, within bounds. */
export function tellOfAbsence (text: string, { clientId }: Pick<Call, 'clientId'>, notices: Broker['notices']): void {
  notices.warn(`${text} Client ${quoted(clientId ?? '')} asked for it.`)
}
