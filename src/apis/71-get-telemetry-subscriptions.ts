/**
 * GetTelemetrySubscriptions v0: which metrics a client shall push (D24.1, KIP-714). Answered to who
 * asks, but not listed in ApiVersions: there is no exporter.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { GetTelemetrySubscriptions } from '../../protocol/messages/71-get-telemetry-subscriptions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import { telemetryClient } from './telemetry-client.ts'

type Needs = Pick<Broker, 'environment' | 'telemetry'>

/** zstd, lz4, gzip, snappy: in the order in which clients shall prefer them. */
const CODECS = [4, 3, 1, 2]

export const getTelemetrySubscriptions = handler(GetTelemetrySubscriptions,
  { versions: [0,
    0], isListed: false, failed: (_request, { errorCode }: KafkaError) => refused(errorCode) },
  ({ clientInstanceId }, call, needs: Needs) => {
    const { environment, telemetry } = needs
    const granted = telemetry.subscribe(clientInstanceId, telemetryClient(call, needs),
      environment.monotonicMs(),
      () => environment.newId())
    if (typeof granted === 'number') return refused(granted)
    return {
      errorCode: code.NONE,
      clientInstanceId: granted.instanceId,
      subscriptionId: granted.subscriptionId,
      acceptedCompressionTypes: CODECS,
      pushIntervalMs: granted.pushIntervalMs,
      telemetryMaxBytes: telemetry.bytesMax,
      deltaTemporality: true,
      requestedMetrics: [...granted.metrics],
    }
  })

function refused (errorCode: number) {
  return {
    errorCode,
    clientInstanceId: ZERO_UUID,
    subscriptionId: 0,
    acceptedCompressionTypes: [],
    pushIntervalMs: 0,
    telemetryMaxBytes: 0,
    deltaTemporality: false,
    requestedMetrics: [],
  }
}
