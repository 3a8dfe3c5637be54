/** All bugs that `npm run mutants -- --all` plants, besides those that seeds find. */
import type { Bug } from './bug.ts'
import { groupBugs } from './group.ts'

export const bugs: readonly Bug[] = [...groupBugs]
