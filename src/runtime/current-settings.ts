/** The broker's settings that follow AlterConfigs while it runs (KIP-226). */
import { resourceType } from '../core/metadata/configs.ts'
import type { MetadataDelta } from '../core/metadata/delta.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { Configuration, LiveSettings } from './configuration.ts'
import type { Environment } from './environment.ts'

export interface CurrentSettingsOptions {
  readonly configuration: Configuration
  readonly image: MetadataImage
  readonly log: Environment['log']
}

export class CurrentSettings {
  readonly #options: CurrentSettingsOptions
  readonly #listeners: Array<(settings: LiveSettings) => void> = []
  #now: LiveSettings

  constructor (options: CurrentSettingsOptions) {
    this.#options = options
    this.#now = options.configuration.live(options.image)
  }

  get now (): LiveSettings { return this.#now }

  /** Called at once and after every change. */
  onChange (listener: (settings: LiveSettings) => void): void {
    this.#listeners.push(listener)
    listener(this.#now)
  }

  /** Follows the metadata log. */
  apply (delta: MetadataDelta): void {
    const changes = [...delta.configsChanged()].filter(({ type }) => type === resourceType.BROKER)
    if (changes.length === 0) return
    const { configuration, image, log } = this.#options
    const idle = configuration.withoutEffect(new Set(changes.flatMap(({ name, keys }) =>
      [...keys].filter(key => image.configs.of(resourceType.BROKER, name).has(key)))))
    if (idle.length > 0) log('info', `known to Kafka, without effect here: ${idle.join(', ')}`)
    this.#now = configuration.live(image)
    for (const listener of this.#listeners) listener(this.#now)
  }
}
