/** UpdateFeatures over the wire (D22.2); its decider has tests of its own. */
import t from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { DescribeQuorum } from '../../protocol/messages/55-describe-quorum.ts'
import { UpdateFeatures } from '../../protocol/messages/57-update-features.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import { denyAll } from '../support/second-broker.ts'

const ELR = 'eligible.leader.replicas.version'
const [UPGRADE, SAFE] = [1, 2]

type Update = [feature: string, maxVersionLevel: number, upgradeType?: number]

const update = (
  client: RawClient, version: number, updates: Update[], validateOnly = false, timeoutMs = 1000
) =>
  client.request(UpdateFeatures, version, {
    timeoutMs,
    featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType = UPGRADE!]) =>
      ({ feature, maxVersionLevel, allowDowngrade: true, upgradeType })),
    validateOnly,
  })

const finalized = async (client: RawClient) => {
  const { finalizedFeatures } = await client.request(ApiVersions, 4,
    { clientSoftwareName: 'x', clientSoftwareVersion: '1' })
  return Object.fromEntries(
    finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])
  )
}

const REFUSED = 'The update failed for all features since the following feature had an error: '

t.test('UpdateFeatures, every version', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const before = await finalized(client)
  t.equal(before[ELR], 1)
  for (let version = 0; version <= 2; version++) {
    const row = { feature: 'metadata.version', errorCode: 0, errorMessage: 'NONE' }
    t.same(await update(client, version, [['metadata.version', before['metadata.version'] as number]]),
      { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results: version <= 1 ? [row] : [] }, `v${version}`)
    t.same(await update(client, version, [['nope', 1], ['metadata.version', 33]]), {
      throttleTimeMs: 0,
      errorCode: 95,
      errorMessage: `${REFUSED}Invalid update version 1 for feature nope. Local controller 1 does not support this feature.`,
      results: [],
    }, 'one error fails all')
    t.match(await update(client, version, [[ELR, 0]]), { errorCode: 95 }, 'allow_downgrade of v0 is ignored')
    t.same(await update(client, version, []),
      { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results: [] })
    t.match(await update(client, version, [[ELR, 1]], false, 0), { errorCode: 0 }, 'its timeout has no effect')
  }
  t.match(await update(client, 1, [[ELR, 0, SAFE]], true), { errorCode: 0 })
  t.equal((await finalized(client))[ELR], 1, 'only tried')
  t.match(await update(client, 1, [[ELR, 0, SAFE]]),
    { errorCode: 0, results: [{ feature: ELR, errorCode: 0 }] })
  t.equal((await finalized(client))[ELR], undefined, 'level 0 is not finalized')
  t.match(await update(client, 2, [[ELR, 1]]), { errorCode: 0 })
  t.equal((await finalized(client))[ELR], 1)
  denyAll(raw)
  for (let version = 0; version <= 2; version++) {
    t.match(await update(client, version, [[ELR, 1]]), { errorCode: 31, results: [] })
  }
})

t.test('KIP-853: kraft.version is raised once, in the log of the quorum itself', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const voters = async () => {
    const { topics } = await client.request(DescribeQuorum, 2,
      { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] })
    return topics[0]?.partitions[0]?.currentVoters.map(
      ({ replicaDirectoryId }) => replicaDirectoryId
    )
  }
  t.match(await update(client, 2, [['kraft.version', 1]], true), { errorCode: 0 })
  t.equal(raw.broker.quorum.kraftVersion, 0, 'only tried')
  const end = raw.broker.quorum.endOffset
  t.match(await update(client, 2, [['kraft.version', 1]]), { errorCode: 0 })
  t.equal(raw.broker.quorum.endOffset, end + 2n, 'the level and the voters')
  t.equal(raw.broker.quorum.highWatermark, end + 2n, 'D0.7: answered when committed')
  t.equal((await finalized(client))['kraft.version'], 1, 'D1.5')
  t.same(await voters(), [raw.broker.logDirectory.id])
  t.match(await update(client, 2, [['kraft.version', 1]]), { errorCode: 0 })
  t.equal(raw.broker.quorum.endOffset, end + 2n, 'nothing is written twice')
  t.match(await update(client, 2, [['kraft.version', 0, SAFE]]), {
    errorCode: 95,
    errorMessage: `${REFUSED}Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature.`,
  })
  t.match(await update(client, 2, [['kraft.version', 5]]), {
    errorMessage: `${REFUSED}Invalid update version 5 for feature kraft.version. Local controller 1 only supports versions 0-1`,
  })
  await raw.topic('after')
  t.equal(raw.broker.metadata.topics.find('after')?.name, 'after', 'the log goes on behind it')
})
