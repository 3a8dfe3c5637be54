/** JSON laid out for people: what fits stands on one line, what does not goes down the page. */
import type { Json } from '../../../protocol/json.ts'

const WIDTH = 116

export function laid (json: Json, indent = '  ', used = 4): string {
  const line = oneLine(json)
  if (line.length + indent.length + used <= WIDTH || json === null || typeof json !== 'object') return line
  const inner = `${indent}  `
  if (Array.isArray(json)) return `[\n${wrapped(json, inner)}\n${indent}]`
  const fields = Object.entries(json).map(([name, value]) => {
    const key = `${JSON.stringify(name)}: `
    return { key, value }
  })
  const simple = fields.map(({ key, value }) => key + laid(value, inner, key.length))
  return `{\n${filled(simple, inner)}\n${indent}}`
}

function oneLine (json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json)
  if (Array.isArray(json)) return `[${json.map(oneLine).join(', ')}]`
  const fields = Object.entries(json).map(([name, value]) => `${JSON.stringify(name)}: ${oneLine(value)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

function wrapped (array: readonly Json[], indent: string): string {
  return filled(array.map(each => laid(each, indent, 1)), indent)
}

/** As many short pieces a line as fit; a piece of several lines stands alone. */
function filled (pieces: readonly string[], indent: string): string {
  const lines: string[] = []
  let line = ''
  pieces.forEach((piece, i) => {
    const text = i === pieces.length - 1 ? piece : `${piece},`
    if (line !== '' && (text.includes('\n') || line.length + 1 + text.length > WIDTH)) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? indent + text : `${line} ${text}`
    if (text.includes('\n')) {
      lines.push(line)
      line = ''
    }
  })
  if (line !== '') lines.push(line)
  return lines.join('\n')
}
