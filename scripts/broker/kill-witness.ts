/**
 * What the killed broker has told its clients, and what it may therefore never deny: which record
 * is at which offset, what groups have committed, which topics and producer ids there are.
 */

interface Place {
  /** By offset: the record that was acknowledged there or read from there. */
  readonly at: string[]
  readonly offsets: Map<string, number>
}

interface Commit { sent: bigint, known: bigint }

export class Witness {
  readonly problems: string[] = []
  acknowledged = 0
  commits = 0
  readonly #places = new Map<string, Place>()
  readonly #commits = new Map<string, Commit>()
  readonly #topics = new Map<string, string>()
  readonly #producerIds = new Set<bigint>()

  problem (text: string): void { if (this.problems.length < 20) this.problems.push(text) }

  get records (): number {
    return [...this.#places.values()].reduce((sum, { at }) => sum + at.length, 0)
  }

  #place (name: string): Place {
    let place = this.#places.get(name)
    if (place === undefined) this.#places.set(name, place = { at: [], offsets: new Map() })
    return place
  }

  /** The record was seen at this offset: from now on it is there, and nowhere else. */
  saw (name: string, offset: bigint, id: string): void {
    const place = this.#place(name)
    const index = Number(offset)
    const before = place.at[index]
    if (before !== undefined && before !== id) this.problem(`${name}@${offset} was ${before} and is ${id}`)
    const elsewhere = place.offsets.get(id)
    if (elsewhere !== undefined && elsewhere !== index) this.problem(`${name}: ${id} is at ${elsewhere} and at ${offset}`)
    place.at[index] = id
    place.offsets.set(id, index)
  }

  acknowledge (name: string, baseOffset: bigint, ids: readonly string[]): void {
    for (const [n, id] of ids.entries()) this.saw(name, baseOffset + BigInt(n), id)
    this.acknowledged += ids.length
  }

  /** The log ends here: everything that was seen is before. */
  endsAt (name: string, end: bigint): void {
    const { at } = this.#place(name)
    if (BigInt(at.length) > end) {
      this.problem(`${name} ends at ${end}: ${at.length - Number(end)} records are lost, the first is ${at[Number(end)]}`)
    }
  }

  commitSent (name: string, offset: bigint): void {
    this.#commits.set(name, { known: -1n, ...this.#commits.get(name), sent: offset })
  }

  committed (name: string, offset: bigint): void {
    const commit = this.#commits.get(name)
    if (commit !== undefined && offset > commit.known) commit.known = offset
    this.commits++
  }

  /** What the broker answers to somebody who asks for the group's offset. */
  committedIs (name: string, offset: bigint): void {
    const commit = this.#commits.get(name)
    if (commit === undefined) return
    if (offset < commit.known) this.problem(`${name}: the committed offset went back from ${commit.known} to ${offset}`)
    if (offset > commit.sent) this.problem(`${name}: offset ${offset} was never committed; ${commit.sent} was the last`)
    if (offset > commit.known) commit.known = offset
  }

  topicMade (name: string, id: string): void { this.#topics.set(name, id) }

  /** All topics there are, with their ids. */
  topicsAre (listed: ReadonlyMap<string, string>): void {
    for (const [name, id] of this.#topics) {
      if (listed.get(name) !== id) this.problem(`topic ${name} had the id ${id} and has ${listed.get(name) ?? 'none'}`)
    }
  }

  producerIdGiven (id: bigint): void {
    if (this.#producerIds.has(id)) this.problem(`producer id ${id} was given twice`)
    this.#producerIds.add(id)
  }
}
