/** UpdateFeatures, rule by rule (D22.2). */
import t from 'tap'
import { entry } from '../../../protocol/stored/framing.ts'
import { ConfigRecord, FeatureLevelRecord } from '../../../protocol/stored/metadata-settings.ts'
import { updateFeatures } from '../../../src/core/controller/update-features.ts'
import { supportedFeatures } from '../../../src/core/metadata/features.ts'
import { Cluster, idOf } from '../../support/metadata-cluster.ts'

const MV = 'metadata.version'
const ELR = 'eligible.leader.replicas.version'
const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3]

type Update = [feature: string, maxVersionLevel: number, upgradeType?: number]

function update (
  cluster: Cluster, updates: Update[],
  { version = 2, validateOnly = false, voterIds = [100] as number[], kraftVersion = 0 } = {}
) {
  const view = { image: cluster.image, settings: cluster.settings, voterIds, kraftVersion }
  return cluster.commit(updateFeatures({
    timeoutMs: 1,
    featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType = UPGRADE!]) =>
      ({ feature, maxVersionLevel, allowDowngrade: false, upgradeType })),
    validateOnly,
  }, version, view))
}

t.test('a new cluster starts with the levels that Kafka 4.4 formats with', async t => {
  const cluster = new Cluster()
  t.same([...cluster.image.features.all], [[MV, 33], [ELR, 1]])
  t.equal(cluster.image.configs.of(4, '').get('min.insync.replicas'), '1', 'KIP-966: one minimum for all')
  t.same(supportedFeatures.map(({ name }) => name), [MV, 'kraft.version', ELR])
})

t.test('what is refused, and that one error fails all', async t => {
  const cluster = new Cluster().start(1)
  cluster.register(2, {
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) =>
      ({ name, minSupportedVersion: minVersion +
        (name === ELR ? 1 : 0), maxSupportedVersion: maxVersion })),
  })
  const all = 'The update failed for all features since the following feature had an error: '
  const cases: Array<[update: Update, text: string]> = [
    [[MV, 34], `Invalid update version 34 for feature ${MV}. Local controller 100 only supports versions 7-33`],
    [[MV, 6, SAFE], `Invalid update version 6 for feature ${MV}. Local controller 100 only supports versions 7-33`],
    [[MV, -1], `Invalid update version -1 for feature ${MV}. A feature version cannot be less than 0.`],
    [[MV, 32, 9], `Invalid update version 32 for feature ${MV}. The controller does not support the given upgrade type.`],
    [[MV, 32], `Invalid update version 32 for feature ${MV}. Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.`],
    [[MV, 32, SAFE], 'Unsupported metadata.version downgrade from 33 to 32. Refusing to perform the requested downgrade because it might delete metadata information.'],
    [[MV, 20, UNSAFE], 'Unsupported metadata.version downgrade from 33 to 20. Unsafe metadata downgrade is not supported in this version.'],
    [['no.such', 0], 'Invalid update version 0 for feature no.such. Feature no.such not found.'],
    [['no.such', 0, SAFE], 'Invalid update version 0 for feature no.such. Feature no.such not found.'],
    [[MV, 0, SAFE], `Invalid update version 0 for feature ${MV}. Local controller 100 only supports versions 7-33`],
    [['no.such', 1], 'Invalid update version 1 for feature no.such. Local controller 100 does not support this feature.'],
    [['kraft.version', 0, SAFE], 'Invalid update version 0 for feature kraft.version. Can\'t downgrade the version of this feature.'],
  ]
  for (const [wish, text] of cases) {
    t.match(update(cluster, [wish, [ELR, 1]], { kraftVersion: 1 }),
      { errorCode: 95, errorMessage: all + text, results: [] }, text)
  }
  t.match(update(cluster, [['kraft.version', 1]], { voterIds: [100, 7] }), {
    errorMessage: /controller 7 has not registered, and may not support this feature$/,
  })
})

t.test('levels go down and up where nothing is lost', async t => {
  const cluster = new Cluster().start(1)
  t.match(update(cluster, [[ELR, 0, SAFE]], { version: 1, validateOnly: true }),
    { errorCode: undefined, results: [{ feature: ELR, errorCode: 0 }] })
  t.equal(cluster.image.features.elrEnabled, true)
  t.same(update(cluster, [[ELR, 0, SAFE]]), { errorMessage: null, results: [] })
  t.equal(cluster.image.features.elrEnabled, false)
  t.notOk(cluster.image.features.all.has(ELR), 'level 0 is as if it were not there')
  t.match(update(cluster, [[ELR, 0]], { version: 0 }),
    { results: [{ feature: ELR, errorCode: 0 }] })
  // KIP-966: back with the ELR, and one minimum for all brokers again.
  cluster.settings = { ...cluster.settings, minInsyncReplicas: 2 }
  t.match(update(cluster, [[ELR, 1]]), { errorMessage: null })
  t.equal(cluster.image.features.elrEnabled, true)
  t.equal(cluster.image.configs.of(4, '').get('min.insync.replicas'), '1', 'what was set stays')
})

t.test('a feature that needs another one waits for it, in the same request at most', async t => {
  const cluster = new Cluster()
  const level = (name: string, featureLevel: number) =>
    entry(FeatureLevelRecord, 0, { name, featureLevel })
  const config = (resourceName: string, value: string | null) =>
    entry(ConfigRecord, 0, { resourceType: 4, resourceName, name: 'min.insync.replicas', value })
  cluster.append([level(ELR, 0), level(MV, 20), config('', null), config('1', '3'), config('2', '3')])
  t.match(update(cluster, [[ELR, 1]]), {
    errorCode: 95,
    errorMessage: new RegExp(`${ELR} could not be set to 1 because it depends on metadata.version=23 \\(4.0-IV1\\)$`),
  })
  t.match(update(cluster, [[ELR, 1], [MV, 25]]), { errorMessage: null })
  t.same([...cluster.image.features.all], [[MV, 25], [ELR, 1]])
  t.equal(cluster.image.configs.of(4, '').get('min.insync.replicas'), '1')
  t.same([...cluster.image.configs.namesOf(4)], [''], 'no broker has a minimum of its own any more')
  t.match(update(cluster, [[MV, 24, SAFE]]), { errorMessage: null }, 'nothing new is between 24 and 25')
  const old = cluster.register(1, { logDirs: [idOf(1)] })
  t.match(old, { errorCode: undefined })
  t.equal(cluster.log.at(-1)?.version, 3, 'and records have the version of that level')
})
