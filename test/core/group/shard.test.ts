import t from 'tap'
import type { JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import { code } from '../../../protocol/errors.ts'
import { Driver, protocol, subscribing } from './driver.ts'
import type { TestTicket } from './driver.ts'

/** A client of the group, as careless as clients are. */
interface Client {
  memberId: string
  generationId: number
  readonly groupInstanceId: string | null
  readonly version: number
  join: TestTicket<JoinGroupResponse> | undefined
}

function random (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % below
  }
}

const PROTOCOLS = [
  [subscribing('range', 'a')],
  [subscribing('range', 'a'), protocol('sticky')],
  [protocol('sticky'), subscribing('range', 'b')],
]

class Walk {
  readonly driver: Driver
  readonly pick: (below: number) => number
  readonly clients: Client[]
  readonly tickets: Array<TestTicket<unknown>> = []
  /** The protocol of each generation, as its members were told. */
  readonly told = new Map<number, string>()
  readonly wrong: string[] = []
  #size = 0

  constructor (seed: number) {
    this.pick = random(seed)
    this.driver =
      new Driver({ initialRebalanceDelayMs: this.pick(2) * 3_000, maxSize: 4 + this.pick(4) })
    this.clients = Array.from({ length: 8 }, (_, index) => ({
      memberId: '', generationId: -1, join: undefined,
      groupInstanceId: index < 3 ? `box${index}` : null,
      version: [3, 5, 9][this.pick(3)] ?? 9,
    }))
  }

  step (): void {
    const { driver, pick } = this
    const client = this.clients[pick(this.clients.length)] as Client
    switch (pick(9)) {
      case 0: case 1: this.#join(client); break
      case 2: case 3: this.#sync(client); break
      case 4: this.#heartbeat(client); break
      case 5: if (pick(10) === 0) this.#leave(client); break
      case 6: this.#commit(client); break
      case 7: driver.advance(pick(3_000)); break
      default: this.#settle()
    }
    for (const each of this.clients) this.#hear(each)
  }

  #instance ({ groupInstanceId, version }: Client): { groupInstanceId: string | null } {
    return { groupInstanceId: version < 5 ? null : groupInstanceId }
  }

  #join (client: Client): void {
    // A static member that restarts has forgotten its id.
    if (this.pick(6) === 0) client.memberId = ''
    client.join = this.driver.join({
      ...this.#instance(client),
      version: client.version,
      memberId: client.memberId,
      protocols: PROTOCOLS[this.pick(PROTOCOLS.length)] ?? [],
      sessionTimeoutMs: 6_000 + this.pick(10_000),
      rebalanceTimeoutMs: 5_000 + this.pick(20_000),
    })
    this.tickets.push(client.join)
  }

  #sync (client: Client): void {
    const { memberId, generationId } = client
    const assignments = this.clients.map(each => ({
      memberId: each.memberId, assignment: Buffer.from(`${generationId}`),
    }))
    this.tickets.push(
      this.driver.sync({ memberId, generationId, assignments, ...this.#instance(client) })
    )
  }

  #heartbeat (client: Client): void {
    const { memberId, generationId, join } = client
    const errorCode = this.driver.heartbeat(memberId, generationId, this.#instance(client))
    if (errorCode === code.REBALANCE_IN_PROGRESS && join === undefined) this.#join(client)
  }

  #leave (client: Client): void {
    this.driver.leave([{ memberId: client.memberId, ...this.#instance(client) }])
  }

  #commit ({ memberId, generationId }: Client): void {
    if (!this.driver.hold) this.driver.commitOffsets({ 'a-0': 1n }, { memberId, generationIdOrMemberEpoch: generationId })
  }

  /** From time to time commits are slow, and fail. */
  #settle (): void {
    const { driver } = this
    if (!driver.hold) {
      driver.hold = true
      this.#size = driver.log.length
    } else if (this.pick(3) > 0) driver.commit()
    else {
      driver.log.length = this.#size
      driver.fail(code.COORDINATOR_NOT_AVAILABLE)
      // A group whose first record failed is gone, and another counts from the beginning.
      if (driver.describe('group', 5).groupState === 'Dead') this.told.clear()
    }
  }

  #hear (client: Client): void {
    const { join } = client
    if (join === undefined || join.count === 0) return
    client.join = undefined
    const { errorCode, memberId, generationId = -1, protocolName } = join.get()
    if (errorCode === code.MEMBER_ID_REQUIRED) client.memberId = memberId
    else if (errorCode !== code.NONE) {
      if (errorCode === code.UNKNOWN_MEMBER_ID || errorCode === code.FENCED_INSTANCE_ID) client.memberId = ''
    } else {
      Object.assign(client, { memberId, generationId })
      const told = this.told.get(generationId) ?? String(protocolName)
      if (told !== protocolName) this.wrong.push(`generation ${generationId} has ${told} and ${protocolName}`)
      this.told.set(generationId, told)
    }
  }

  /** What has to hold between any two steps. */
  check (): void {
    const { driver } = this
    const { members, groupState } = driver.describe('group', 5)
    const instances = members.flatMap(({ groupInstanceId }) => groupInstanceId ?? [])
    if (new Set(instances).size !== instances.length) this.wrong.push('two members with one instance id')
    if (this.tickets.some(({ count }) => count > 1)) this.wrong.push('a ticket was answered twice')
    if (groupState === 'Empty' && members.length > 0) this.wrong.push('Empty with members')
    if (groupState === 'CompletingRebalance' && members.length === 0) this.wrong.push('nobody to wait for')
    if (driver.hold || (groupState !== 'Stable' && groupState !== 'Empty')) return
    const stored = JSON.stringify(driver.reloaded({ maxSize: 100 }).describe('group', 5))
    const live = JSON.stringify(driver.describe('group', 5))
    if (stored !== live) this.wrong.push(`stored ${stored}, live ${live}`)
  }
}

t.test('whatever clients do, groups keep their rules', t => {
  let generations = 0
  for (let seed = 1; seed <= 30; seed++) {
    const walk = new Walk(seed)
    const { driver } = walk
    for (let step = 0; step < 900 && walk.wrong.length === 0; step++) {
      walk.step()
      walk.check()
      if (walk.wrong.length > 0) t.fail(`seed ${seed}, step ${step}: ${walk.wrong.join(', ')}`)
    }
    driver.commit()
    generations += walk.told.size
    driver.advance(600_000)
    t.match(driver.state(), /Empty|Dead/, 'without clients, a group becomes empty')
    t.equal(driver.shard.unload(driver.nowMs).length, 0, 'nobody is left waiting')
  }
  t.ok(generations > 200, `${generations} generations`)
  t.end()
})
