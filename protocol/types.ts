/**
 * The vocabulary of the wire: a message is one typed value for all of its versions, in the
 * manner of Kafka's own message definitions. `codec.ts` compiles it per version.
 *
 * What is read has every field (a field outside the version reads as its default); what is
 * written may leave out each field that has a default of its own, or that some versions lack.
 */
import type { Chunk } from './bytes-to-come.ts'

declare const readSide: unique symbol
declare const writeSide: unique symbol
declare const mayBeOmitted: unique symbol

export type Primitive =
  | 'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'float64'
  | 'uuid' | 'string' | 'bytes' | 'records'

/** Versions from and to, both included. */
export type VersionRange = readonly [from: number, to: number]

/** Above every version that exists: an open end. */
const LATEST = 32767
/** The `flexible` of messages that never are. */
export const NEVER = 32768

/** One field or element: what it is, and in which versions. R is read, W is written. */
export interface Type<R, W = R, Omit extends boolean = false> {
  readonly [readSide]?: () => R
  readonly [writeSide]?: (value: W) => void
  readonly [mayBeOmitted]?: Omit
  readonly kind: Primitive | 'array' | 'struct'
  readonly element?: AnyType
  readonly fields?: Fields
  readonly versions: VersionRange
  /** The versions in which null is legal. */
  readonly nullable?: VersionRange
  /** Undefined: the kind's own default (0, '', [], zero id). */
  readonly default?: unknown
  readonly tag?: number
  /** Keeps the old length prefix in flexible versions: the client id of the request header. */
  readonly neverCompact?: boolean
}

export type AnyType = Type<any, any, boolean>
export interface Fields { readonly [name: string]: AnyType }

type ReadOf<T> = T extends Type<infer R, any, boolean> ? R : never
type WriteOf<T> = T extends Type<any, infer W, boolean> ? W : never
type Omissible<F> = {
  [K in keyof F]: F[K] extends Type<any, any, infer O> ? (true extends O ? K : never) : never
}[keyof F]

export type ReadFields<F> = { -readonly [K in keyof F]: ReadOf<F[K]> }
export type WriteFields<F> =
  { readonly [K in Exclude<keyof F, Omissible<F>>]: WriteOf<F[K]> } &
  { readonly [K in Omissible<F>]?: WriteOf<F[K]> | undefined }

const always: VersionRange = [0, LATEST]

function primitive<R, W = R> (kind: Primitive): Type<R, W> { return { kind, versions: always } }

export const bool = primitive<boolean>('bool')
export const int8 = primitive<number>('int8')
export const int16 = primitive<number>('int16')
export const uint16 = primitive<number>('uint16')
export const int32 = primitive<number>('int32')
export const uint32 = primitive<number>('uint32')
export const int64 = primitive<bigint>('int64')
export const float64 = primitive<number>('float64')
/** 16 bytes, as Kafka prints them: URL-safe base64 without padding, 22 characters. */
export const uuid = primitive<string>('uuid')
export const string = primitive<string>('string')
export const bytes = primitive<Buffer, Uint8Array>('bytes')
/** Record batches: a slice of the frame when read; written as they are, without a copy. */
export const records = primitive<Buffer, RecordsToWrite>('records')

export type RecordsToWrite = Buffer | readonly Chunk[]

export function array<R, W> (element: Type<R, W, boolean>): Type<R[], readonly W[]> {
  return { kind: 'array', element, versions: always }
}

export function list<F extends Fields> (
  fields: F
): Type<Array<ReadFields<F>>, ReadonlyArray<WriteFields<F>>> {
  return { kind: 'array', element: struct(fields), versions: always }
}

export function struct<F extends Fields> (fields: F): Type<ReadFields<F>, WriteFields<F>> {
  return { kind: 'struct', fields, versions: always }
}

/** Null is legal, in all versions or between two. */
export function nullable<R, W, O extends boolean> (
  type: Type<R, W, O>, from = 0, to = LATEST
): Type<R | null, W | null, O> {
  return { ...type, nullable: [from, to] } as Type<R | null, W | null, O>
}

/** Reads as this when absent, and may be left out when written. */
export function or<R, W> (type: Type<R, W, boolean>, value: NoInfer<R>): Type<R, W, true> {
  return { ...type, default: value } as Type<R, W, true>
}

/** A field that some versions lack may be left out when written: it is its default then. */
function within<R, W> (
  type: Type<R, W, boolean>, versions: VersionRange, value: unknown
): Type<R, W, true> {
  return {
    ...type, versions, ...(value === undefined ? {} : { default: value }),
  } as Type<R, W, true>
}

export function since<R, W> (
  from: number, type: Type<R, W, boolean>, value?: NoInfer<R>
): Type<R, W, true> {
  return within(type, [from, type.versions[1]], value)
}

export function until<R, W> (
  to: number, type: Type<R, W, boolean>, value?: NoInfer<R>
): Type<R, W, true> {
  return within(type, [type.versions[0], to], value)
}

export function between<R, W> (
  from: number, to: number, type: Type<R, W, boolean>, value?: NoInfer<R>
): Type<R, W, true> {
  return within(type, [from, to], value)
}

/** A tagged field (KIP-482): on the wire only where it differs from its default. */
export function tagged<R, W> (
  tag: number, from: number, type: Type<R, W, boolean>, value?: NoInfer<R>
): Type<R, W, true> {
  return {
    ...type, versions: [from, type.versions[1]], tag,
    ...(value === undefined ? {} : { default: value }),
  } as Type<R, W, true>
}

export function neverCompact<R, W, O extends boolean> (type: Type<R, W, O>): Type<R, W, O> {
  return { ...type, neverCompact: true }
}

/** A message, or one side of an API: fields, their versions, and from where it is flexible. */
export interface Message<F extends Fields = Fields> {
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: number
  readonly fields: F
}

export interface Api<Q extends Fields = Fields, S extends Fields = Fields> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: number
  readonly request: Message<Q>
  readonly response: Message<S>
}

export function message<F extends Fields> (definition: Message<F>): Message<F> {
  return definition
}

/** One Kafka API: both directions share their versions and the first flexible one. */
export function api<Q extends Fields, S extends Fields> (definition: {
  key: number, name: string, versions: VersionRange, flexible: number, request: Q, response: S
}): Api<Q, S> {
  const { key, name, versions, flexible } = definition
  const side = <F extends Fields> (suffix: string, fields: F): Message<F> =>
    ({ name: name + suffix, versions, flexible, fields })
  return {
    key,
    name,
    versions,
    flexible,
    request: side('Request', definition.request),
    response: side('Response', definition.response),
  }
}

export type MessageOf<M> = M extends Message<infer F> ? ReadFields<F> : never
export type MessageToWrite<M> = M extends Message<infer F> ? WriteFields<F> : never
export type RequestOf<A> = A extends Api<infer Q, any> ? ReadFields<Q> : never
export type ResponseOf<A> = A extends Api<any, infer S> ? WriteFields<S> : never
