/** Which topic names are legal (D2.8). */

const NAME_LENGTH_MAX = 249

/** Undefined for a legal name, else Kafka's text about it (D2.8). */
export function topicNameProblem (name: string): string | undefined {
  const problem = (what: string): string => `Topic name is invalid: ${what}`
  if (name === '') return problem('the empty string is not allowed')
  if (name === '.' || name === '..') return problem(`'${name}' is not allowed`)
  if (name.length > NAME_LENGTH_MAX) {
    return problem(
      `the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`)
  }
  if (/[^a-zA-Z0-9._-]/.test(name)) {
    return problem(`'${name}' contains one or more characters other than ASCII alphanumerics, ` +
      '\'.\', \'_\' and \'-\'')
  }
  return undefined
}
