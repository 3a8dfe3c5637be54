/**
 * The table of APIs in README.md and the versions that Kafka dropped, derived from the handlers.
 */
import { handlers } from '../../src/apis/index.ts'

interface Served {
  readonly api: { readonly key: number, readonly name: string }
  readonly versions: readonly [number, number]
  readonly advertised: readonly [number, number]
  /** What Kafka serves. */
  readonly strictVersions?: readonly [number, number]
  readonly isListed?: boolean
}

const TABLE = /<!-- apis -->\n[\s\S]*?<!-- \/apis -->/
const OLDER = /<!-- older -->\n[\s\S]*?<!-- \/older -->/

function range ([least, most]: readonly [number, number]): string { return least === most ? `${least}` : `${least}-${most}` }

export function apiTable (served: readonly Served[] = handlers): string {
  const rows = served.toSorted((a, b) => a.api.key - b.api.key).map((
    { api, versions, advertised, isListed = true }
  ) =>
    `| ${api.key} | ${api.name} | ${range(versions)} | ${isListed ? range(advertised) : 'no'} |`)
  return ['| key | API | versions served | advertised |', '|---|---|---|---|', ...rows].join('\n')
}

/** One item of a list: all that is served and that Kafka 4 closes the connection for. */
export function olderVersions (served: readonly Served[] = handlers): string {
  const older =
    served.toSorted((a, b) => a.api.key - b.api.key).flatMap(({ api, versions, strictVersions }) =>
      strictVersions !== undefined && versions[0] < strictVersions[0]
        ? [`${api.name} v${range([versions[0], strictVersions[0] - 1])}`]
        : [])
  return `- ${older.join(', ')}.`
}

/** The text with both as the handlers have them; throws without a place for them. */
export function withApiTable (readme: string, served: readonly Served[] = handlers): string {
  if (!TABLE.test(readme)) throw new Error('README.md has no place for the table: <!-- apis --> and <!-- /apis -->')
  if (!OLDER.test(readme)) throw new Error('README.md has no place for older versions: <!-- older --> and <!-- /older -->')
  return readme
    .replace(TABLE, () => `<!-- apis -->\n${apiTable(served)}\n<!-- /apis -->`)
    .replace(OLDER, () => `<!-- older -->\n${olderVersions(served)}\n<!-- /older -->`)
}
