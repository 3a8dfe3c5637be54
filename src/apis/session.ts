/** What the broker knows of a connection: where it came in, and who is behind it. */

export interface Session {
  readonly id: number
  /** Name of the listener that it came in by. */
  readonly listener: string
  /**
   * The address that the client itself connected to: what it is told when nothing is advertised.
   */
  readonly localAddress: string
  readonly localPort: number
  /** Of the client, without the slash that Kafka prints before it. */
  readonly remoteAddress: string
  readonly remotePort: number
  readonly principal: string
  /** As the last ApiVersions request named it (KIP-511). */
  softwareName: string
  softwareVersion: string
  readonly closed: boolean
  /**
   * Sets memory aside until the request is answered, instead of what it had (R-X10). How many bytes
   * of the answer may be at hand; what more it has is to come.
   */
  takeAnswerRoom (): number
  /** What was read is not the answer yet. */
  leaveAnswerRoom (): void
  /** Runs when the connection has gone, at once if it is gone already; answers how not to. */
  onClose (run: () => void): () => void
}
