/** Runs seeds of the simulation and tells which of them broke an invariant. */
import { inspect } from 'node:util'
import { reachedBy } from '../../test/simulation/coverage.ts'
import { simulate } from '../../test/simulation/simulation.ts'
import type { Outcome } from '../../test/simulation/simulation.ts'
import { drawSwarm } from '../../test/simulation/swarm.ts'
import { choose } from './choose.ts'
import type { Candidate } from './choose.ts'

const USAGE = 'usage: npm run simulate -- --seed N | --seeds N [--from N] [--first] [--trace]\n' +
  '       npm run simulate -- --choose N [--from N]   which of so many seeds npm test is to run always'

interface Options {
  from: number
  count: number
  /** Stop at the first violation. */
  first: boolean
  trace: boolean
  /** Tell which of them reach what is rare. */
  isChoice: boolean
}

export async function runSeeds (parameters: readonly string[]): Promise<number> {
  const options = parse(parameters)
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  let events = 0
  let violations = 0
  let seeds = 0
  const marks = new Map<string, number>()
  const candidates: Candidate[] = []
  const startedMs = performance.now()
  const rate = (): number => Math.round(events / Math.max(1, performance.now() - startedMs) * 1000)
  for (let seed = options.from; seed < options.from + options.count; seed++) {
    const before = process.cpuUsage()
    const outcome = await simulate(seed)
    events += outcome.events
    seeds++
    for (const [name, count] of outcome.marks) marks.set(name, (marks.get(name) ?? 0) + count)
    if (outcome.violation !== undefined) violations++
    const { user, system } = process.cpuUsage(before)
    candidates.push({ seed, costMs: (user + system) / 1000, marks: outcome.marks })
    report(outcome, options)
    if (process.stdout.isTTY) process.stdout.write(`\r${seed} (${rate()} events/s) `)
    if (violations > 0 && options.first) break
  }
  if (process.stdout.isTTY) process.stdout.write('\r')
  if (options.isChoice) process.stdout.write(`chosen: ${choose(candidates).join(', ')}\n`)
  const isCovered = seeds === 1 || reportCoverage(seeds, marks, options)
  process.stdout.write(`${seeds} seeds, ${violations} violations, ${rate()} events/s\n`)
  return violations === 0 && isCovered ? 0 : 1
}

/** R-M3: which rare states were reached, and whether often enough for so many seeds. */
function reportCoverage (
  seeds: number, marks: ReadonlyMap<string, number>, { trace }: Options
): boolean {
  const rows = reachedBy(seeds, marks)
  for (const { name, times, least, isShort } of rows) {
    const wanted = least > 0 ? `  of ${least} at least` : ''
    process.stdout.write(`${String(times).padStart(7)}  ${name}${wanted}${isShort ? '  TOO FEW' : ''}\n`)
  }
  if (trace) {
    const named = new Set(rows.map(({ name }) => name))
    for (const name of [...marks.keys()].filter(each => !named.has(each)).sort()) {
      process.stdout.write(`${String(marks.get(name)).padStart(7)}  ${name}\n`)
    }
  }
  return rows.every(({ isShort }) => !isShort)
}

function report (
  { seed, violation, digest, lines, events, operations }: Outcome, options: Options
): void {
  if (options.trace) {
    process.stdout.write(`${seed} ${digest} ${events} events, ${operations} operations\n`)
  }
  if (violation === undefined) return
  const detail = options.count === 1 ? violation.detail : violation.detail.split('\n')[0]
  process.stdout.write(`npm run simulate -- --seed ${seed}  # ${violation.invariant}: ${detail}\n`)
  if (options.count > 1) return
  process.stdout.write(`${inspect(drawSwarm(seed), { depth: 3, breakLength: 100 })}\n`)
  for (const line of lines) process.stdout.write(`  ${line}\n`)
}

function parse (parameters: readonly string[]): Options | undefined {
  const options: Options = { from: 1, count: 0, first: false, trace: false, isChoice: false }
  for (let at = 0; at < parameters.length; at++) {
    const name = parameters[at]
    if (name === '--trace' || name === '--first') {
      options[name === '--trace' ? 'trace' : 'first'] = true
      continue
    }
    const value = Number(parameters[++at])
    if (!Number.isSafeInteger(value) || value < 0) return undefined
    if (name === '--seed') Object.assign(options, { from: value, count: 1 })
    else if (name === '--seeds') options.count = value
    else if (name === '--choose') Object.assign(options, { count: value, isChoice: true })
    else if (name === '--from') options.from = value
    else return undefined
  }
  return options.count > 0 ? options : undefined
}
