/** What one setting is: a row of the table, as Kafka's ConfigDef has it. */

/** There is no default: a server must be told. */
export const REQUIRED = undefined

/** The values of each type as Kafka's parser gives them; long is exact, so it is a bigint. */
export interface ValueTypes {
  boolean: boolean
  short: number
  int: number
  long: bigint
  double: number
  string: string
  class: string
  password: string
  list: readonly string[]
}

export type SettingType = keyof ValueTypes
export type Value = ValueTypes[SettingType]

/** How it may be changed while the broker runs (KIP-226). */
export type UpdateMode =
  | 'read-only' | 'per-broker' | 'cluster-wide'
  | 'per-topic' | 'per-group' | 'per-subscription' | 'per-entity'

/**
 * A default of null stands for "not set". Allowed values are in Kafka's own notation. Honoured:
 * this broker acts on it, and a test shows that; all others are known, checked, shown, and said
 * once to have no effect. Internal: not shown unless set.
 */
export type Row = readonly [
  name: string, type: SettingType, defaultText: string | null | undefined, allowed: string,
  updateMode: UpdateMode, ...marks: ReadonlyArray<'honoured' | 'internal'>
]

type ValueOf<R extends Row> = ValueTypes[R[1]] | (R[2] extends null ? null : never)

/** Name → type of the parsed value, for a table of rows. */
export type ValuesOf<Rows extends readonly Row[]> = {
  readonly [R in Rows[number] as R[0]]: ValueOf<R>
}

export interface Setting {
  readonly name: string
  readonly type: SettingType
  readonly defaultText: string | null | undefined
  readonly allowed: string
  readonly updateMode: UpdateMode
  /** This broker acts on it. */
  readonly honoured: boolean
  /** Not shown unless set. */
  readonly internal: boolean
  /** Its value is never shown (D13.6). */
  readonly sensitive: boolean
}

export function tableOf (rows: readonly Row[]): ReadonlyMap<string, Setting> {
  return new Map(rows.map(([name, type, defaultText, allowed, updateMode, ...marks]) => [name, {
    name,
    type,
    defaultText,
    allowed,
    updateMode,
    honoured: marks.includes('honoured'),
    internal: marks.includes('internal'),
    sensitive: type === 'password',
  }]))
}
