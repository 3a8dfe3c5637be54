/** AlterConfigs and IncrementalAlterConfigs on the controller, rule by rule (D13.12-17). */
import t from 'tap'
import { alterConfigs, incrementalAlterConfigs } from '../../../src/core/controller/alter-configs.ts'
import type { ConfigAccess } from '../../../src/core/controller/alter-configs.ts'
import { Cluster } from '../../support/metadata-cluster.ts'

type Operation = [name: string, operation: number, value: string | null]
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]
const [TOPIC, BROKER, METRICS, GROUP] = [2, 4, 16, 32]

type Resource = [resourceType: number, resourceName: string, ...operations: Operation[]]

function incremental (
  cluster: Cluster, resources: Resource[], access?: ConfigAccess, validateOnly = false
) {
  return cluster.commit(incrementalAlterConfigs({
    resources: resources.map(([resourceType, resourceName, ...operations]) => ({
      resourceType,
      resourceName,
      configs: operations.map(
        ([name, configOperation, value]) => ({ name, configOperation, value })
      ),
    })),
    validateOnly,
  }, cluster, access)).responses
}

function replace (
  cluster: Cluster, resourceType: number, resourceName: string, values: Record<string, string>
) {
  return cluster.commit(alterConfigs({
    resources: [{
      resourceType, resourceName,
      configs: Object.entries(values).map(([name, value]) => ({ name, value })),
    }],
    validateOnly: false,
  }, cluster)).responses[0]
}

const stored = (cluster: Cluster, type: number, name: string) =>
  Object.fromEntries(cluster.image.configs.of(type, name))

t.test('D13.13: set, delete, append and subtract', async t => {
  const cluster = new Cluster().start(1).assign('a', [[1]])
  const cases: Array<[operations: Operation[], expected: Record<string, string>]> = [
    [[['retention.ms', SET!, ' 5']], { 'retention.ms': ' 5' }],
    [[['cleanup.policy', APPEND!, 'compact']], { 'retention.ms': ' 5', 'cleanup.policy': 'delete,compact' }],
    [[['cleanup.policy', APPEND!, 'compact,,compact']], { 'retention.ms': ' 5', 'cleanup.policy': 'delete,compact' }],
    [[['cleanup.policy', SUBTRACT!, 'delete,nothing'], ['retention.ms', DELETE!, null]], { 'cleanup.policy': 'compact' }],
    [[['cleanup.policy', SUBTRACT!, 'compact']], { 'cleanup.policy': '' }],
    [[['cleanup.policy', DELETE!, 'ignored'], ['absent', DELETE!, null]], {}],
    [[['cleanup.policy', SUBTRACT!, 'delete']], { 'cleanup.policy': '' }],
  ]
  for (const [operations, expected] of cases) {
    t.match(incremental(cluster, [[TOPIC, 'a', ...operations]]), [{ errorCode: 0, errorMessage: null }])
    t.same(stored(cluster, TOPIC, 'a'), expected, JSON.stringify(operations))
  }
})

t.test('D13.13: AlterConfigs removes what it does not name', async t => {
  const cluster = new Cluster().start(1).assign('a', [[1]], { 'retention.ms': '5', 'cleanup.policy': 'compact' })
  t.match(replace(cluster, TOPIC, 'a', { 'retention.ms': '6' }), { errorCode: 0, resourceType: TOPIC, resourceName: 'a' })
  t.same(stored(cluster, TOPIC, 'a'), { 'retention.ms': '6' })
  t.match(replace(cluster, TOPIC, 'a', { nope: '6' }), { errorCode: 40, errorMessage: 'Unknown topic config name: nope' })
  t.same(stored(cluster, TOPIC, 'a'), { 'retention.ms': '6' }, 'nothing of a resource that fails')
})

t.test('D13.12-16: what is refused, and that the others are done', async t => {
  const cluster = new Cluster().start(1).assign('a', [[1]]).assign('b', [[1]])
  const set: Operation = ['retention.ms', SET!, '5']
  const cases: Array<[resource: Resource, errorCode: number, errorMessage: string]> = [
    [[3, 'x', set], 35, 'Unknown resource type 3.'],
    [[TOPIC, '', set], 42, 'Default topic resources are not allowed.'],
    [[TOPIC, 'x/y', set], 17, 'Topic name is invalid: \'x/y\' contains one or more characters other than ASCII alphanumerics, \'.\', \'_\' and \'-\''],
    [[TOPIC, 'none', set], 3, 'The topic \'none\' does not exist.'],
    [[TOPIC, 'none', ['bad', SET!, '1']], 40, 'Unknown topic config name: bad'],
    [[TOPIC, 'a', ['retention.ms', APPEND!, '1']], 40, 'Can\'t APPEND to key retention.ms because its type is not LIST.'],
    [[TOPIC, 'a', ['retention.ms', SUBTRACT!, '1']], 40, 'Can\'t SUBTRACT to key retention.ms because its type is not LIST.'],
    [[TOPIC, 'a', ['retention.ms', 9, '1']], 42, 'Unknown operations type 9'],
    [[TOPIC, 'a', ['retention.ms', SET!, 'x'.repeat(32768)]], 40, 'The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.'],
    [[BROKER, '5', ['retention.ms', SET!, '1']], 102, 'No node with id 5 found.'],
    [[BROKER, 'five', ['retention.ms', SET!, '1']], 42, 'Unable to parse broker name as a base 10 number.'],
    [[METRICS, '', ['retention.ms', SET!, '1']], 42, 'Subscription name can\'t be empty'],
    [[GROUP, '', ['retention.ms', SET!, '1']], 42, 'Default group resources are not allowed.'],
    [[BROKER, '1', ['min.insync.replicas', SET!, '2']], 40, 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.'],
    [[BROKER, '', ['min.insync.replicas', DELETE!, null]], 40, 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.'],
  ]
  for (const [index, [resource, errorCode, errorMessage]] of cases.entries()) {
    const rows = incremental(cluster, [resource, [TOPIC, 'b', ['retention.ms', SET!, String(index)]]])
    const row = rows.find(it => it.resourceName === resource[1] && it.resourceType === resource[0])
    t.match(row, { errorCode, errorMessage }, errorMessage)
    t.same(stored(cluster, TOPIC, 'b'), { 'retention.ms': String(index) })
  }
  t.same(stored(cluster, TOPIC, 'a'), {})
  t.match(incremental(cluster, [[TOPIC, 'a', set], [TOPIC, 'a', set], [TOPIC, 'b', set]],
    (_type, name) => name === 'b' ? { errorCode: 29, errorMessage: 'no' } : undefined), [
    { errorCode: 42, errorMessage: 'Duplicate resource.', resourceName: 'a' },
    { errorCode: 29, errorMessage: 'no', resourceName: 'b' },
  ])
})

t.test('D13.17: what is written', async t => {
  const cluster = new Cluster().start(1).assign('a', [[1]], { 'retention.ms': '5' })
  const written = (resources: Resource[], validateOnly = false): string[] => {
    const from = cluster.log.length
    incremental(cluster, resources, undefined, validateOnly)
    return cluster.log.slice(from).map(({ record, value }) => {
      const { name = '', topicName } = value as { name?: string, topicName?: string }
      return topicName === undefined ? `${record.name} ${name}` : `${record.name} "${topicName}"`
    })
  }
  const cases: Array<[name: string, resources: Resource[], expected: string[]]> = [
    ['unchanged topic value', [[TOPIC, 'a', ['retention.ms', SET!, '5']]], []],
    ['unchanged broker value', [[BROKER, '1', ['ssl.keystore.location', SET!, '/k']], [BROKER, '', ['x', DELETE!, null]]],
      ['ConfigRecord ssl.keystore.location', 'ConfigRecord x']],
    ['and again', [[BROKER, '1', ['ssl.keystore.location', SET!, '/k']]], ['ConfigRecord ssl.keystore.location']],
    ['minimum of a topic', [[TOPIC, 'a', ['min.insync.replicas', SET!, '2']]],
      ['ConfigRecord min.insync.replicas', 'ClearElrRecord "a"']],
    ['minimum of all', [[TOPIC, 'a', ['min.insync.replicas', SET!, '3']], [BROKER, '', ['min.insync.replicas', SET!, '2']]],
      ['ConfigRecord min.insync.replicas', 'ConfigRecord min.insync.replicas', 'ClearElrRecord ""']],
  ]
  for (const [name, resources, expected] of cases) t.same(written(resources), expected, name)
  t.same(written([[TOPIC, 'a', ['retention.ms', SET!, '7']]], true), [], 'validate_only writes nothing')
  t.same(written([[TOPIC, 'a', ['min.insync.replicas', SET!, '4']]], true), [], 'of a minimum neither')
  t.equal(stored(cluster, TOPIC, 'a')['retention.ms'], '5')
})

t.test('groups and subscriptions need not exist; nodes that vote do', async t => {
  const cluster = new Cluster().start(1)
  // Whether the key is right is the table's business, not of this test's few rules.
  cluster.settings =
    { ...cluster.settings, configs: { ...cluster.settings.configs, check: () => undefined } }
  t.match(incremental(cluster, [[GROUP, 'g', ['k', SET!, 'v']], [METRICS, 'm', ['k', SET!, 'v']]]),
    [{ errorCode: 0 }, { errorCode: 0 }])
  t.same(stored(cluster, GROUP, 'g'), { k: 'v' })
  const request = {
    resources: [{ resourceType: BROKER!, resourceName: '7', configs: [{ name: 'k', configOperation: SET!, value: 'v' }] }],
    validateOnly: false,
  }
  const view = { ...cluster, image: cluster.image, settings: cluster.settings, voterIds: [7] }
  t.match(incrementalAlterConfigs(request, view).reply.responses,
    [{ errorCode: 0 }])
})
