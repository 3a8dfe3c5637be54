/**
 * UpdateFeatures: raises and lowers finalized levels, all of them or none (D22.2, KIP-584,
 * KIP-1022).
 */
import { code, errorText } from '../../../protocol/errors.ts'
import type {
  UpdateFeaturesRequest, UpdateFeaturesResponse,
} from '../../../protocol/messages/57-update-features.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { FeatureLevelRecord } from '../../../protocol/stored/metadata-settings.ts'
import type { VersionRange } from '../metadata/facts.ts'
import { CLUSTER_DEFAULT, configEntry, resourceType } from '../metadata/configs.ts'
import {
  ELIGIBLE_LEADER_REPLICAS, KRAFT_VERSION, METADATA_VERSION, metadataChangedAt, metadataVersions,
  supportedFeatures,
} from '../metadata/features.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { nothing } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'

export interface FeatureView extends Pick<ControllerView, 'image' | 'settings'> {
  /** KIP-853: finalized in the quorum's own records. */
  readonly kraftVersion: number
  /** Those that vote besides this node must have registered before a level may rise. */
  readonly voterIds: readonly number[]
}

type Update = UpdateFeaturesRequest['featureUpdates'][number]

const UPGRADE = 1
const SAFE_DOWNGRADE = 2
const UNSAFE_DOWNGRADE = 3

/** Kafka's, beside the two with rules of their own: also those that this release does not have. */
const PRODUCTION_FEATURES: ReadonlySet<string> = new Set([
  'transaction.version', 'group.version', ELIGIBLE_LEADER_REPLICAS, 'share.version', 'streams.version',
])

/** `raisedKraftVersion`: the quorum is to write this level itself. */
export interface FeatureDecision extends ControllerResult<UpdateFeaturesResponse> {
  readonly raisedKraftVersion?: number
}

export function updateFeatures (
  request: UpdateFeaturesRequest, version: number, view: FeatureView
): FeatureDecision {
  // A later row of the same feature replaces an earlier one (D0.10), but each is answered.
  const updates = new Map(request.featureUpdates.map(update => [update.feature, update]))
  const proposed = new Map([...updates].map(([name, update]) => [name, update.maxVersionLevel]))
  const records: MetadataEntry[] = []
  for (const update of updates.values()) {
    // D22.2: allow_downgrade of version 0 is ignored.
    const upgradeType = version === 0 ? UPGRADE : update.upgradeType
    const problem = updateProblem({ ...update, upgradeType }, proposed, view)
    if (problem !== undefined) return refused(problem)
    const { feature: name, maxVersionLevel: featureLevel } = update
    if (name === KRAFT_VERSION || featureLevel === currentLevel(name, view)) continue
    if (name === ELIGIBLE_LEADER_REPLICAS && featureLevel > 0) records.push(...elrSafety(view))
    records.push(fullEntry(FeatureLevelRecord, 0, { name, featureLevel }))
  }
  const results = version <= 1
    ? request.featureUpdates.map(({ feature }) =>
      ({ feature, errorCode: code.NONE, errorMessage: errorText(code.NONE) }))
    : []
  const reply = { errorMessage: null, results }
  if (request.validateOnly) return { records: nothing, reply }
  const kraftVersion = proposed.get(KRAFT_VERSION) ?? 0
  return kraftVersion > view.kraftVersion
    ? { records, reply, raisedKraftVersion: kraftVersion }
    : { records, reply }
}

/** One error fails all. */
function refused ({ errorCode, errorMessage }: Failure): ControllerResult<UpdateFeaturesResponse> {
  return {
    records: nothing,
    reply: {
      errorCode,
      errorMessage: 'The update failed for all features since the following feature had an error: ' +
        errorMessage,
      results: [],
    },
  }
}

function currentLevel (name: string, { image, kraftVersion }: FeatureView): number {
  return name === KRAFT_VERSION ? kraftVersion : image.features.level(name)
}

function updateProblem (
  update: Update, proposed: ReadonlyMap<string, number>, view: FeatureView
): Failure | undefined {
  const { feature, maxVersionLevel: level, upgradeType } = update
  const invalid = (why: string): Failure => failure(code.INVALID_UPDATE_VERSION,
    `Invalid update version ${level} for feature ${feature}. ${why}`)
  if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE) {
    return invalid('The controller does not support the given upgrade type.')
  }
  if (level < 0) return invalid('A feature version cannot be less than 0.')
  const unsupported = notSupported(feature, level, view)
  if (unsupported !== undefined) return invalid(unsupported)
  const current = currentLevel(feature, view)
  if (level < current && upgradeType === UPGRADE) {
    return invalid('Can\'t downgrade the version of this feature without setting the upgrade type ' +
      'to either safe or unsafe downgrade.')
  }
  if (level > current && upgradeType !== UPGRADE) return invalid('Can\'t downgrade to a newer version.')
  if (feature === METADATA_VERSION) return metadataVersionProblem(current, level, upgradeType)
  if (feature === KRAFT_VERSION) {
    // Raising it is the quorum's own doing: it writes a control record with the voters.
    return level < current ? invalid('Can\'t downgrade the version of this feature.') : undefined
  }
  if (!PRODUCTION_FEATURES.has(feature)) return invalid(`Feature ${feature} not found.`)
  const unmet = unmetRequirement(feature, level, proposed, view.image)
  return unmet === undefined ? undefined : invalid(unmet)
}

/** Everybody who is there must be able to read what the new level writes. */
function notSupported (feature: string, level: number, view: FeatureView): string | undefined {
  const { image, settings, voterIds } = view
  const local = supportedFeatures.find(({ name }) => name === feature)
  const problem = rangeProblem(local, level, `Local controller ${settings.nodeId}`)
  if (problem !== undefined) return problem
  for (const { id, features } of image.brokers) {
    const found = rangeProblem(features.get(feature), level, `Broker ${id}`)
    if (found !== undefined) return found
  }
  for (const voterId of voterIds) {
    if (voterId === settings.nodeId) continue
    if (image.controllers.get(voterId) === undefined) {
      return `controller ${voterId} has not registered, and may not support this feature`
    }
  }
  for (const { id, features } of image.controllers) {
    if (id === settings.nodeId) continue
    const found = rangeProblem(features.get(feature), level, `Controller ${id}`)
    if (found !== undefined) return found
  }
  return undefined
}

function rangeProblem (
  range: VersionRange | undefined, level: number, who: string
): string | undefined {
  // Level 0 is "not there", which even those support that never heard of it.
  if (range === undefined) return level === 0 ? undefined : `${who} does not support this feature.`
  const { minVersion, maxVersion } = range
  if (level >= minVersion && level <= maxVersion) return undefined
  const versions = minVersion === maxVersion ? String(minVersion) : `${minVersion}-${maxVersion}`
  return `${who} only supports versions ${versions}`
}

/** Going back over a level that writes something new would delete what it wrote. */
function metadataVersionProblem (
  current: number, level: number, upgradeType: number
): Failure | undefined {
  const invalid = (why: string): Failure => failure(code.INVALID_UPDATE_VERSION,
    `Invalid metadata.version ${level}. ${why}`)
  const names = new Map(metadataVersions)
  if (!names.has(level)) {
    const levels = [...names.keys()]
    return invalid(`Valid versions are from ${levels[0]} to ${levels.at(-1)}.`)
  }
  if (level >= current) return undefined
  if (!metadataChangedAt.some(changedAt => changedAt > level && changedAt <= current)) {
    return undefined
  }
  const why = upgradeType === SAFE_DOWNGRADE
    ? 'Refusing to perform the requested downgrade because it might delete metadata information.'
    : 'Unsafe metadata downgrade is not supported in this version.'
  return failure(code.INVALID_UPDATE_VERSION,
    `Unsupported metadata.version downgrade from ${current} to ${level}. ${why}`)
}

function unmetRequirement (
  feature: string, level: number, proposed: ReadonlyMap<string, number>, image: MetadataImage
): string | undefined {
  const requires = supportedFeatures.find(({ name }) => name === feature)?.requires
  if (requires === undefined || level < requires.fromLevel) return undefined
  const present = proposed.get(requires.feature) ?? image.features.level(requires.feature)
  if (present >= requires.level) return undefined
  const versionName = new Map(metadataVersions).get(requires.level)
  return requires.feature === METADATA_VERSION
    ? `${feature} could not be set to ${level} because it depends on ` +
      `metadata.version=${requires.level} (${versionName})`
    : `${feature} could not be set to ${level} because it depends on ` +
      `${requires.feature} level ${requires.level}`
}

/** KIP-966: with the ELR one min.insync.replicas holds for all brokers, out of the log. */
function elrSafety ({ image, settings }: FeatureView): MetadataEntry[] {
  const key = 'min.insync.replicas'
  const entries: MetadataEntry[] = []
  if (!image.configs.of(resourceType.BROKER, CLUSTER_DEFAULT).has(key)) {
    const value = String(settings.minInsyncReplicas)
    entries.push(configEntry(resourceType.BROKER, CLUSTER_DEFAULT, key, value))
  }
  for (const name of image.configs.namesOf(resourceType.BROKER)) {
    if (name === CLUSTER_DEFAULT || !image.configs.of(resourceType.BROKER, name).has(key)) continue
    entries.push(configEntry(resourceType.BROKER, name, key, null))
  }
  return entries
}
