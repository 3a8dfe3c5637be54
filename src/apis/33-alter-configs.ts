/**
 * AlterConfigs v0-2 (D13.9-17, KIP-133): replaces all that is stored for a resource.
 *
 * The versions differ in their encoding only.
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { AlterConfigs } from '../../protocol/messages/33-alter-configs.ts'
import type { AlterConfigsRequest } from '../../protocol/messages/33-alter-configs.ts'
import { alterConfigs as decide } from '../core/controller/alter-configs.ts'
import type { Broker } from './broker.ts'
import { deniedConfigs } from './config-access.ts'
import { answered, received } from './config-changes.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'configuration' | 'controller' | 'metadata' | 'nodeId'>

export const alterConfigs = handler(AlterConfigs, { versions: [0, 2], failed },
  async ({ resources, validateOnly }, { session }, needs: Needs) => {
    const { access, controller } = needs
    const settled = received(resources, {
      lacksValue: ({ value }) => value === null,
      brokerValues: ({ configs }) => new Map(configs.map(({ name, value }) => [name, value ?? ''])),
      needs,
    })
    const responses = await answered(resources, settled, async rest => {
      const { reply } =
        await controller.submit(view => decide({ resources: rest, validateOnly }, view,
          (type, name) => deniedConfigs(access, session, 'alterConfigs', type, name)))
      return reply.responses as Awaited<ReturnType<typeof answered>>
    })
    return { responses }
  })

function failed ({ resources }: AlterConfigsRequest, { errorCode, text }: KafkaError) {
  return {
    responses: resources.map(({ resourceType, resourceName }) =>
      ({ errorCode, errorMessage: text, resourceType, resourceName })),
  }
}
