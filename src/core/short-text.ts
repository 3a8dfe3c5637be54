/** What clients call themselves, where it is kept for long. */

/** At most so many characters, and a copy: a part of a string keeps all of it in memory. */
export function shortText (text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : Buffer.from(text.slice(0, lengthMax)).toString()
}
