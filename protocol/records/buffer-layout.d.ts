/** The part of buffer-layout 1.2.2 that ottla uses; the package ships no types. */
declare module 'buffer-layout' {
  export class Layout<T> {
    constructor (span: number, property?: string)
    readonly span: number
    readonly property: string
    decode (bytes: Uint8Array, offset?: number): T
    encode (value: T, bytes: Uint8Array, offset?: number): number
    replicate (property: string): this
  }
  export class Structure<T> extends Layout<T> {
    offsetOf (property: string): number | undefined
    layoutFor (property: string): Layout<unknown> | undefined
  }
  export function struct<T> (fields: Array<Layout<any>>, property?: string): Structure<T>
  export function u8 (property?: string): Layout<number>
  export function u16be (property?: string): Layout<number>
  export function u32be (property?: string): Layout<number>
  export function s8 (property?: string): Layout<number>
  export function s16be (property?: string): Layout<number>
  export function s32be (property?: string): Layout<number>
  export function blob (length: number, property?: string): Layout<Buffer>
}
