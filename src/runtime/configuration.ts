/**
 * The configuration as the rooms see it: what there is to describe, what may be altered here, and
 * what holds at this moment. `src/settings.ts` makes it of the table of settings.
 */
import type { ConfigValues } from '../core/metadata/configs.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { Failure } from '../core/controller/failure.ts'
import type { ConnectionRateBounds } from '../core/quota/connection-rates.ts'
import type { CleanerSettings } from './cleaner/settings.ts'

/** A name behind a key, with the value that it has there (KIP-226). */
export interface ConfigSynonym {
  readonly name: string
  /** Null for secrets. */
  readonly text: string | null
  readonly source: number
}

/** One key of a resource (D13.2-8). */
export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly source: number
  readonly sensitive: boolean
  readonly synonyms: readonly ConfigSynonym[]
  /** KIP-569's number. */
  readonly type: number
  readonly documentation: string | null
}

/** How many connections are let in. */
export interface ConnectionBounds {
  /** max.connections, over all listeners. */
  readonly total: number
  /** listener.name.x.max.connections, by the listener's name. */
  readonly byListener: ReadonlyMap<string, number>
  /** max.connections.per.ip */
  readonly perAddress: number
  /** max.connections.per.ip.overrides, by host name or address. */
  readonly byAddress: ReadonlyMap<string, number>
  /** max.connection.creation.rate, of the broker and of its listeners */
  readonly rates: ConnectionRateBounds
}

/**
 * The broker's settings that follow a change while it runs; those of topics are `TopicSettings`.
 */
export interface LiveSettings {
  /** producer.id.expiration.ms */
  readonly producerExpirationMs: number
  readonly cleaner: CleanerSettings
  readonly connections: ConnectionBounds
  /** cordoned.log.dirs names the directory of the data: it takes no new replicas (KIP-1066). */
  readonly isCordoned: boolean
}

export interface Configuration {
  /**
   * Every key of a topic, a broker (the empty name: what is set for all), a group or a subscription
   * of client metrics. Whether the resource exists is the caller's business.
   */
  describe (type: number, name: string, image: MetadataImage): readonly DescribedConfig[]
  /**
   * D13.11: what is wrong with the whole set of values that a broker, or with the empty name all
   * brokers, would have.
   */
  alterProblem (brokerName: string, values: ConfigValues, image: MetadataImage): Failure | undefined
  /** Whether a broker's key takes a list; undefined for a key that is not known. */
  isList (key: string): boolean | undefined
  /** Of a broker's list that nobody set; empty if it has none. */
  builtInDefault (key: string): string
  /**
   * What is stored for the broker, or for all, and counts: values that do not parse are left out.
   */
  storedValues (brokerName: string, image: MetadataImage): ConfigValues
  /** What holds now: file and stored values together. */
  live (image: MetadataImage): LiveSettings
  /** Of a broker's keys those that are known and do nothing here. */
  withoutEffect (keys: Iterable<string>): string[]
}
