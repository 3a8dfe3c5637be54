/** The table of APIs in README.md, derived from the handlers: one list, one truth. */
import { handlers } from '../src/apis/index.ts'

interface Served {
  readonly api: { readonly key: number, readonly name: string }
  readonly versions: readonly [number, number]
  readonly advertised: readonly [number, number]
  readonly isListed?: boolean
}

const TABLE = /<!-- apis -->\n[\s\S]*?<!-- \/apis -->/

export function apiTable (served: readonly Served[] = handlers): string {
  const range = ([least, most]: readonly [number, number]): string => least === most ? `${least}` : `${least}-${most}`
  const rows = served.toSorted((a, b) => a.api.key - b.api.key).map(({ api, versions, advertised, isListed = true }) =>
    `| ${api.key} | ${api.name} | ${range(versions)} | ${isListed ? range(advertised) : 'no'} |`)
  return ['| key | API | versions served | advertised |', '|---|---|---|---|', ...rows].join('\n')
}

/** The text with the table as the handlers have it; throws without a place for it. */
export function withApiTable (readme: string, served: readonly Served[] = handlers): string {
  if (!TABLE.test(readme)) throw new Error('README.md has no place for the table: <!-- apis --> and <!-- /apis -->')
  return readme.replace(TABLE, () => `<!-- apis -->\n${apiTable(served)}\n<!-- /apis -->`)
}
