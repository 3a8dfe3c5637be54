/** The text of a `.properties` file, as java.util.Properties reads and writes it. */

/** The last of two equal keys wins, as with Java. Throws RangeError for a broken \uXXXX. */
export function parseProperties (text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const [key, value] = keyAndValue(line)
    properties.set(unescaped(key), unescaped(value))
  }
  return properties
}

/** Joins continued lines, and leaves out blank ones and comments. */
function logicalLines (text: string): string[] {
  const lines: string[] = []
  let open: string | undefined
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, '')
    // A comment begins a line of its own; within a continued one `#` is a letter like any other.
    // A lone backslash begins nothing yet.
    if (!open && /^([#!]|$)/.test(line)) {
      open = undefined
      continue
    }
    const whole = (open ?? '') + line
    if (isContinued(line)) open = whole.slice(0, -1)
    else {
      lines.push(whole)
      open = undefined
    }
  }
  if (open !== undefined) lines.push(open)
  return lines
}

/** An odd number of backslashes at its end: the last of them is not itself escaped. */
function isContinued (line: string): boolean {
  return /\\*$/.exec(line)![0].length % 2 === 1
}

/** Split at the first `=`, `:` or blank that is not escaped. */
function keyAndValue (line: string): [key: string, value: string] {
  let end = 0
  while (end < line.length && !/[=: \t\f]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1
  const rest = line.slice(end)
  return [line.slice(0, end), rest.replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')]
}

const LETTERS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped (text: string): string {
  return text.replace(/\\(u([0-9a-fA-F]{4})?|[^]|$)/g, (_, escape: string, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16))
    if (escape === 'u') throw new RangeError('Malformed \\uxxxx encoding.')
    return LETTERS[escape] ?? escape
  })
}

/** A line an entry, so that `parseProperties` gives back what it was made of, whatever that is. */
export function propertiesText (
  entries: ReadonlyArray<readonly [key: string, value: string]>
): string {
  return entries.map(([key, value]) => `${escaped(key, /[ =:#!]/g)}=${escaped(value, /^ +|[=:#!]/g)}\n`).join('')
}

const NAMES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }

function escaped (text: string, special: RegExp): string {
  return text.replaceAll('\\', '\\\\')
    .replace(special, found => found.replace(/./g, '\\$&'))
    .replace(/[\t\n\r\f]/g, letter => NAMES[letter] as string)
    .replace(/[^\x20-\x7e]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
