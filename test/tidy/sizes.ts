/** How long things may be: what fits on a page is read. */
import { functionsOf } from './functions.ts'
import type { Law } from './sources.ts'

export const FILE_LINES_MAX = 400
export const FUNCTION_LINES_MAX = 70

export const filesAreShort: Law = sources => sources.flatMap(({ path, text }) => {
  const lines = text.replace(/\n$/, '').split('\n').length
  return lines > FILE_LINES_MAX ? [`${path}:${lines} ${lines} lines; ${FILE_LINES_MAX} is the most`] : []
})

export const functionsAreShort: Law = sources => sources.flatMap(({ path, text }) =>
  functionsOf(text).filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ name, line, lines }) => `${path}:${line} ${name} has ${lines} lines; ${FUNCTION_LINES_MAX} is the most`))
