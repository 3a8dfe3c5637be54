/**
 * `npm run lint`: the linter, which is the formatter as well: the style of the house without
 * wrapping lines anew.
 *
 * oxlint reads TypeScript and runs the rules of @stylistic/eslint-plugin; with the package
 * oxlint-tsgolint it knows types, so that no promise is left to itself. `eslint` is a peer of the
 * plugin that oxlint stands in for (package.json, overrides).
 */
import { spawnSync } from 'node:child_process'
import { root } from '../repository.ts'

const FOLDERS = ['protocol', 'src', 'test', 'scripts']

export function main (): number {
  return lint([]) ? 0 : 1
}

/** Runs it and says whether nothing is left to complain of. */
export function lint (options: string[]): boolean {
  const { status } = spawnSync('node_modules/.bin/oxlint', [
    '--type-aware', '-c', 'scripts/house/lint.json', '--format=unix', ...options, ...FOLDERS,
  ], { cwd: root, stdio: 'inherit' })
  return status === 0
}
