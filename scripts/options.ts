/** The words behind `npm run NAME --`, as every program here reads them. */

/** Something that whoever started the program can mend: told as a line, without a stack. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
}

/** What follows `--name`, or `otherwise` where it is not among the words. */
export function textOption (words: readonly string[], name: string, otherwise: string): string {
  const at = words.indexOf(`--${name}`)
  return at < 0 ? otherwise : words[at + 1] ?? otherwise
}

/** Throws CannotRun for what is no number. */
export function numberOption (words: readonly string[], name: string, otherwise: number): number {
  const text = textOption(words, name, String(otherwise))
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new CannotRun(`--${name} ${text}: a number is wanted`)
  return value
}
