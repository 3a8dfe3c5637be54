/** The configuration cannot be used; the message says what to change, a line a problem. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  /**
   * As Kafka tells the first problem to a client that wants to set it; undefined where that is not
   * known.
   */
  readonly wireText: string | undefined

  constructor (message: string, wireText?: string) {
    super(message)
    this.wireText = wireText
  }
}
