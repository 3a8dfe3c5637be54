/** Addresses as Java prints them: groups show and store their members' hosts in that form. */

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Without the slash. IPv4 is the same; an IPv6 address has all of its eight groups. */
export function javaAddress (address: string): string {
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [plain = '', zone] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array<string>(Math.max(missing, 0)).fill('0'), ...after]
  const text = groups.map(group => parseInt(group, 16).toString(16)).join(':')
  return zone === undefined ? text : `${text}%${zone}`
}

function groupsOf (text: string): string[] {
  return text === '' ? [] : text.split(':')
}
