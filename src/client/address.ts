/** Where a broker listens, as people write it: `host:port`, several after commas. */

export interface Address { readonly host: string, readonly port: number }

const DEFAULT_PORT = 9092

/** Throws a RangeError that says what is wrong. A host alone means port 9092. */
export function parseAddresses (text: string): Address[] {
  const addresses = text.split(',').map(part => part.trim()).filter(part => part !== '').map(parseAddress)
  if (addresses.length === 0) throw new RangeError('no broker is named: give host:port, for example localhost:9092')
  return addresses
}

function parseAddress (text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  if (host === undefined || port < 1 || port > 65535) {
    throw new RangeError(`${text} is no address of a broker: give host:port, for example localhost:9092`)
  }
  return { host, port }
}

export function textOf ({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
