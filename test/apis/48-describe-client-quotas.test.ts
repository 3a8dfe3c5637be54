/** DescribeClientQuotas over the wire (D18.1-2). */
import t from 'tap'
import { DescribeClientQuotas } from '../../protocol/messages/48-describe-client-quotas.ts'
import { alterQuotas, entityRows } from '../support/quotas.ts'
import type { Entity } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { denyAll } from '../support/second-broker.ts'

const [EXACT, DEFAULT, ANY] = [0, 1, 2]

t.test('DescribeClientQuotas, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const entities: Record<string, Entity> = {
    both: { 'client-id': 'c', user: 'bob' },
    bob: { user: 'bob' },
    anyUser: { user: null },
    anyClientOfBob: { 'client-id': null, user: 'bob' },
    client: { 'client-id': 'c' },
    ip: { ip: '1.2.3.4' },
  }
  const rates = { request_percentage: 1.5, producer_byte_rate: 10 }
  await alterQuotas(client, 1, Object.values(entities).map(entity =>
    [entity, entity.ip === undefined ? rates : { connection_creation_rate: 3 }]))
  type Component = [entityType: string, matchType: number, match?: string | null]
  const describe = (version: number, asked: Component[], strict = false) => {
    const components = asked.map(
      ([entityType, matchType, match = null]) => ({ entityType, matchType, match }))
    return client.request(DescribeClientQuotas, version, { components, strict })
  }
  const isRow = (entity: Entity, row: unknown): boolean =>
    JSON.stringify(entityRows(entity)) === JSON.stringify(row)
  const namesOf = ({ entries }: Awaited<ReturnType<typeof describe>>) =>
    entries?.map(row => Object.keys(entities).find(name => isRow(entities[name]!, row.entity)))
  const rows: Array<[Component[], strict: boolean, names: string[]]> = [
    [[], false, Object.keys(entities)],
    [[], true, []],
    [[['user', EXACT!, 'bob']], false, ['both', 'bob', 'anyClientOfBob']],
    [[['user', EXACT!, 'bob']], true, ['bob']],
    [[['user', EXACT!, 'bob'], ['client-id', ANY!]], true, ['both', 'anyClientOfBob']],
    [[['user', EXACT!, 'bob'], ['client-id', EXACT!, 'c']], false, ['both']],
    [[['client-id', DEFAULT!]], false, ['anyClientOfBob']],
    [[['client-id', DEFAULT!]], true, []],
    [[['user', DEFAULT!]], true, ['anyUser']],
    [[['user', ANY!]], true, ['bob', 'anyUser']],
    [[['user', ANY!]], false, ['both', 'bob', 'anyUser', 'anyClientOfBob']],
    [[['ip', ANY!]], false, ['ip']],
    [[['ip', EXACT!, '9.9.9.9']], false, []],
    [[['user', EXACT!, '']], false, []],
  ]
  for (const version of [0, 1]) {
    for (const [components, strict, names] of rows) {
      const answer = await describe(version, components, strict)
      t.same(namesOf(answer), names, `v${version} ${JSON.stringify(components)} ${strict ? 'strict' : ''}`)
      t.match(answer, { throttleTimeMs: 0, errorCode: 0, errorMessage: '' })
    }
    t.same((await describe(version, [['user', EXACT!, 'bob']], true)).entries, [{
      entity: entityRows(entities.bob as Entity),
      values: [{ key: 'request_percentage', value: 1.5 }, { key: 'producer_byte_rate', value: 10 }],
    }])
  }
  const refused: Array<[Component[], errorCode: number, text: string]> = [
    [[['', EXACT!, 'x']], 42, 'Invalid empty entity type.'],
    [[['user', EXACT!, 'x'], ['user', ANY!]], 42, 'Entity type user cannot appear more than once in the filter.'],
    [[['user', EXACT!, null]], 42, 'Request specified MATCH_TYPE_EXACT, but set match string to null.'],
    [[['user', DEFAULT!, 'x']], 42, 'Request specified MATCH_TYPE_DEFAULT, but also specified a match string.'],
    [[['user', ANY!, 'x']], 42, 'Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.'],
    [[['user', 5, 'x']], 42, 'Unknown match type 5'],
    [[['ip', ANY!], ['user', ANY!]], 42, 'Invalid entity filter component combination. IP filter component should not ' +
      'be used with user or clientId filter component.'],
    [[['foo', EXACT!, null]], 35, 'Unsupported entity type foo'],
  ]
  for (const [components, errorCode, errorMessage] of refused) {
    t.match(await describe(1, components), { errorCode, errorMessage, entries: null }, errorMessage)
  }
  denyAll(raw)
  for (const version of [0, 1]) {
    t.match(await describe(version, []), { errorCode: 31, entries: null })
  }
})
