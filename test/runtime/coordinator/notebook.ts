/** A coordinator over a machine whose state is easy to see, a log and a clock in memory. */
import type { Answer, Decision, RecordPosition, StoredRecord } from '../../../src/core/decision.ts'
import { Step } from '../../../src/core/decision.ts'
import { Coordinator } from '../../../src/runtime/coordinator/coordinator.ts'
import type { CoordinatorMachine } from '../../../src/runtime/coordinator/contract.ts'
import type { Parked } from '../../../src/runtime/coordinator/parked.ts'
import { Timers } from '../../../src/runtime/timers.ts'
import { FakeClock, FakeLog, settled } from './fake-log.ts'

export const record = (text: string): StoredRecord => ({ key: Buffer.from(`\0\0${text}`), value: Buffer.from(text) })

/** Remembers what it is told: its state is the list of what was replayed. */
export class Notebook implements CoordinatorMachine {
  readonly seen: string[] = []
  readonly positions: RecordPosition[] = []
  readonly due: Array<{ atMs: number, run: (nowMs: number) => Decision }> = []
  readonly parked: Parked<string>[] = []
  unloaded = 0

  replay ({ key, value }: StoredRecord, position: RecordPosition): boolean {
    const text = key.subarray(2).toString()
    if (text === 'broken') throw new Error('a record that cannot be read')
    this.seen.push(value === null ? `-${text}` : text)
    this.positions.push(position)
    return text !== 'unknown'
  }

  replayEndOfTransaction (producerId: bigint, committed: boolean): void {
    this.seen.push(`${committed ? 'commit' : 'abort'} ${producerId}`)
  }

  loaded (): Decision { return new Step(0).decide() }

  unload (): readonly Answer[] {
    this.unloaded += 1
    return this.parked.splice(0).map(ticket => ({ ticket, response: 'sent away' }))
  }

  deadline (): number | undefined {
    return this.due.length === 0 ? undefined : Math.min(...this.due.map(({ atMs }) => atMs))
  }

  clockSet (byMs: number): void {
    for (const each of this.due) each.atMs += byMs
  }

  * expire (nowMs: number): Generator<Decision> {
    for (const each of this.due.splice(0)) {
      if (each.atMs > nowMs) this.due.push(each)
      else yield each.run(nowMs)
    }
  }
}

export function note<R> (reply: R, ...texts: string[]): Decision<R> {
  const step = new Step(0)
  step.replay = true
  step.records.push(...texts.map(record))
  return step.decide(reply)
}

export async function started (
  { log = new FakeLog(), clock = new FakeClock(), commitTimeoutMs = 5_000 } = {}
) {
  const machines: Notebook[] = []
  const timers = new Timers(clock)
  const messages: string[] = []
  const coordinator = new Coordinator('topic-0', log, 1, () => {
    const machine = new Notebook()
    machines.push(machine)
    return machine
  }, {
    clock, timers, commitTimeoutMs, loadBufferBytes: 100,
    log: (_, message) => { messages.push(message) },
    notices: { warn: message => { messages.push(message) } },
  })
  const loading = coordinator.load()
  await settled()
  const machine = (): Notebook => machines.at(-1) as Notebook
  return { log, clock, coordinator, machine, machines, loading, messages }
}

export const failing = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => 'done', (error: { errorCode: number }) => error.errorCode)

export function thrown (run: () => void): unknown {
  try {
    run()
    return 'nothing'
  } catch (error) {
    return (error as { errorCode?: number }).errorCode
  }
}
