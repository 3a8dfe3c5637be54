/** All bugs that `npm run mutants -- --all` plants, besides those that seeds find. */
import { apiBugs } from './apis.ts'
import type { Bug } from './bug.ts'
import { clientBugs } from './client.ts'
import { configBugs } from './config.ts'
import { coreBugs } from './core.ts'
import { groupBugs } from './group.ts'
import { protocolBugs } from './protocol.ts'
import { runtimeBugs } from './runtime.ts'
import { serverBugs } from './server.ts'
import { storeBugs } from './store.ts'

export const bugs: readonly Bug[] = [
  ...protocolBugs, ...storeBugs, ...coreBugs, ...groupBugs, ...runtimeBugs,
  ...serverBugs, ...apiBugs,
  ...clientBugs, ...configBugs,
]
