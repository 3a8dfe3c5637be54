/** The configuration cannot be used; the message says what to change, a line a problem. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}
