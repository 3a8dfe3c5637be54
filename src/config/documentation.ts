/** What each setting means, as DescribeConfigs tells it (KIP-569). */
import { coordinatorDocumentation } from './documentation-coordinators.ts'
import { logDocumentation } from './documentation-log.ts'
import { nodeDocumentation } from './documentation-node.ts'
import {
  clientMetricsDocumentation, groupDocumentation, topicDocumentation,
} from './documentation-resources.ts'
import { securityDocumentation } from './documentation-security.ts'

const SCOPES = {
  broker: {
    ...nodeDocumentation, ...logDocumentation, ...coordinatorDocumentation,
    ...securityDocumentation,
  },
  topic: topicDocumentation,
  group: groupDocumentation,
  clientMetrics: clientMetricsDocumentation,
} as const

export type Scope = keyof typeof SCOPES

/** Null for a name that is not a setting. */
export function documentationOf (scope: Scope, name: string): string | null {
  const texts: Readonly<Record<string, string>> = SCOPES[scope]
  return Object.hasOwn(texts, name) ? texts[name] ?? null : null
}
