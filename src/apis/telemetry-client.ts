/** Who asks for telemetry subscriptions, as subscriptions choose clients (KIP-714). */
import type { Broker } from './broker.ts'
import type { TelemetryClient } from '../core/telemetry/client-instances.ts'
import type { Session } from './session.ts'
import type { Call } from './handler.ts'

/** What Kafka calls the software of clients that did not say. */
const UNKNOWN = 'unknown'

const seen = new WeakSet<Session>()

export function telemetryClient ({ session, clientId }: Call, { telemetry }: Pick<Broker, 'telemetry'>): TelemetryClient {
  // D24.3: what is known of a client is dropped with its connection.
  if (!seen.has(session)) {
    seen.add(session)
    session.onClose(() => { telemetry.disconnected(session) })
  }
  return {
    connection: session,
    facts: {
      client_id: clientId ?? '',
      client_software_name: session.softwareName || UNKNOWN,
      client_software_version: session.softwareVersion || UNKNOWN,
      client_source_address: session.remoteAddress,
      client_source_port: String(session.remotePort),
    },
  }
}
