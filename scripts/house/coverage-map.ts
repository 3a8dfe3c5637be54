/**
 * Which sources a test covers: those of its own room, so that rooms are covered by their own tests.
 */

const ROOMS: ReadonlyArray<[RegExp, string]> = [
  [/^dist\/test\/protocol\//, 'dist/protocol/**/*.js'],
  [/^dist\/test\/(core|apis|store|runtime|server)\//, 'dist/src/$1/**/*.js'],
]

/** Null: a test of many rooms at once, which says little about each, covers none. */
export default function coveredBy (test: string): string | null {
  for (const [pattern, sources] of ROOMS) {
    const room = pattern.exec(test)
    if (room !== null) return sources.replace('$1', room[1] ?? '')
  }
  return null
}
