/**
 * UpdateFeatures v0-2: raises and lowers feature levels, all or none (D22.2, KIP-584). Its timeout
 * has no effect.
 *
 * v1: kinds of downgrade, and trying without doing. v2: no rows beside the one error (KIP-1022).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { UpdateFeatures } from '../../protocol/messages/57-update-features.ts'
import { updateFeatures as decide } from '../core/controller/update-features.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'quorum'>

export const updateFeatures = handler(UpdateFeatures, { versions: [0, 2], failed },
  async (request, { version, session }, { access, controller, quorum }: Needs) => {
    ensureCluster(access, session, 'alter')
    const { reply, raisedKraftVersion } = await controller.submit(view => decide(request, version, {
      ...view, kraftVersion: quorum.kraftVersion, voterIds: quorum.voters.map(({ id }) => id),
    }))
    if (raisedKraftVersion !== undefined) {
      await quorum.raiseKraftVersion(raisedKraftVersion, quorum.leader?.epoch ?? -1)
    }
    return reply
  })

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, results: [] }
}
