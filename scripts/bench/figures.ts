/** What is measured of each broker, and the table of it. */
import { progress } from '../steady.ts'

export interface Figure { readonly value: number, readonly better: 'more' | 'less' }

/** The figures of one broker, told as they come. */
export class Figures {
  readonly name: string
  readonly all: Record<string, Figure> = {}

  constructor (name: string) { this.name = name }

  put (what: string, value: number, better: Figure['better']): void {
    this.all[what] = { value, better }
    progress('')
    console.error(`${this.name}: ${what} = ${value}`)
  }
}

/** The last of them is the one that the others are compared with. */
export function table (contenders: readonly Figures[]): string {
  const [ours, ...peers] = contenders.toReversed()
  if (ours === undefined) return ''
  const times = (what: string, peer: Figures): string => {
    const own = ours.all[what]?.value
    const their = peer.all[what]
    if (own === undefined || their === undefined || own === 0 || their.value === 0) return ''
    return `${(their.better === 'more' ? own / their.value : their.value / own).toFixed(2)}x`
  }
  const row = (what: string, values: readonly string[], ratios: readonly string[]): string => [
    what.padEnd(62), ...values.map(each => each.padStart(10)),
    ...ratios.map(each => each.padStart(8)),
  ].join(' ')
  const lines = Object.keys(ours.all).map(what => row(what,
    contenders.map(({ all }) => String(all[what]?.value ?? '')), peers.map(peer => times(what, peer))))
  const head = row('', contenders.map(({ name }) => name), peers.map(({ name }) => `/${name}`))
  const legend = `last columns: how many times better ${ours.name} is than each (over 1.00x is ahead)`
  return [head, ...lines, ...peers.length > 0 ? [legend] : []].join('\n')
}
