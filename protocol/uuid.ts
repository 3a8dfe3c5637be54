/** Kafka's ids: 16 bytes, written as 22 characters of URL-safe base64 without padding. */

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

const UUID_TEXT = /^[A-Za-z0-9_-]{21}[AQgw]$/

export function uuidFromBytes (bytes: Buffer, start = 0): string {
  return bytes.base64urlSlice(start, start + 16)
}

/** Throws a RangeError for a text that is not a 16-byte id. */
export function writeUuid (target: Buffer, text: string, start = 0): void {
  if (text === ZERO_UUID) {
    target.fill(0, start, start + 16)
    return
  }
  if (!isUuid(text)) throw new RangeError(`not a 16-byte id in base64: ${text}`)
  target.base64urlWrite(text, start, 16)
}

export function isUuid (text: string): boolean { return UUID_TEXT.test(text) }

export function uuidToBytes (text: string): Buffer {
  const bytes = Buffer.alloc(16)
  writeUuid(bytes, text)
  return bytes
}
