/**
 * What a command has found: tables for people, with --json one object a line for programs. Both
 * come from the same rows, so they cannot disagree.
 */
import type { Terminal } from './terminal.ts'
import { say, write } from './terminal.ts'
import { visible } from './visible.ts'

export type Value = null | boolean | number | bigint | string | readonly Value[] | {
  readonly [name: string]: Value,
}
export type Row = Readonly<Record<string, Value>>

export interface Shown<R> {
  /** The columns of the table, by the names of the rows. */
  readonly columns: ReadonlyArray<keyof R & string>
  readonly rows: readonly R[]
  /** Said beside the output when there is no row; empty where something else says it. */
  readonly nothing: string
}

export async function show<R extends Row> (
  terminal: Terminal, { json }: { readonly json?: boolean }, { columns, rows, nothing }: Shown<R>
): Promise<void> {
  if (json === true) return await showJson(terminal, rows)
  if (rows.length === 0) {
    if (nothing !== '') say(terminal, nothing)
    return
  }
  const head = columns.map(titleOf)
  await write(terminal.output,
    await table(head, rows.map(row => columns.map(column => textOf(row[column] ?? null)))))
}

export async function showJson (terminal: Terminal, rows: readonly Row[]): Promise<void> {
  await write(terminal.output, rows.map(row => `${jsonOf(row)}\n`).join(''))
}

/** Plain columns without lines or colours: wide characters take the room that they need. */
async function table (
  head: readonly string[], rows: ReadonlyArray<readonly string[]>
): Promise<string> {
  const { default: Table } = await import('cli-table3')
  const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
    'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'] as const
  const drawn = new Table({
    head: [...head],
    chars: { ...Object.fromEntries(borders.map(name => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...rows.map(row => [...row]))
  return `${drawn.toString().split('\n').map(line => line.trimEnd()).join('\n')}\n`
}

/** `logEndOffset` -> `LOG END OFFSET`. */
function titleOf (name: string): string { return name.replace(/[A-Z]/g, letter => ` ${letter}`).toUpperCase() }

function textOf (value: Value): string {
  if (value === null) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(textOf).join(',')
  if (typeof value === 'object') return Object.entries(value).map(([name, each]) => `${visible(name)}=${textOf(each)}`).join(',')
  return visible(String(value))
}

/** Numbers that a double cannot hold are written as text, as Kafka's own JSON does. */
export function jsonOf (value: Value): string {
  return JSON.stringify(value, (_, each: unknown) => typeof each !== 'bigint'
    ? each
    : each >= -MAX_EXACT && each <= MAX_EXACT ? Number(each) : String(each))
}

const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER)
