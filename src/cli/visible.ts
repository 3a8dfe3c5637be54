/**
 * Text that others chose (names of groups and clients, values of settings, messages of brokers) as
 * people may see it: whatever a terminal would obey, or show in another order than it stands, is
 * written out.
 */

// eslint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function visible (text: string): string {
  return text.replace(OBEYED, character => NAMED[character] ?? writtenOut(character.charCodeAt(0)))
}

function writtenOut (unit: number): string {
  return unit < 0x100 ? `\\x${hex(unit, 2)}` : `\\u${hex(unit, 4)}`
}

function hex (unit: number, length: number): string { return unit.toString(16).padStart(length, '0') }
