/** Bytes as text where they are printable, else as `hex:…`; long runs of one letter as `x*1000`. */

export function bytesFromText (text: string): Buffer {
  if (text.startsWith('hex:')) return Buffer.from(text.slice(4), 'hex')
  const [, letter, times] = /^(.)\*(\d+)$/.exec(text) ?? []
  return Buffer.from(letter === undefined ? text : letter.repeat(Number(times)))
}

const RUN_MIN = 12

export function bytesToText (bytes: Buffer): string {
  const text = bytes.toString('latin1')
  if (!/^[\x20-\x7e]*$/.test(text) || text.startsWith('hex:')) return `hex:${bytes.toString('hex')}`
  const isRun = text.length >= RUN_MIN && text === (text[0] as string).repeat(text.length)
  return isRun ? `${text[0]}*${text.length}` : text
}
