/**
 * PushTelemetry v0: a client's metrics (D24.2, KIP-714). They are decompressed and dropped: there
 * is no exporter, so it is not listed in ApiVersions either.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { PushTelemetry } from '../../protocol/messages/72-push-telemetry.ts'
import type { PushTelemetryRequest } from '../../protocol/messages/72-push-telemetry.ts'
import { codecs } from '../../protocol/records/attributes.ts'
import { decompressedAsync } from '../../protocol/records/decompress.ts'
import { RecordError } from '../../protocol/records/error.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import { telemetryClient } from './telemetry-client.ts'

type Needs = Pick<Broker, 'environment' | 'telemetry'>

export const pushTelemetry = handler(PushTelemetry,
  { versions: [0,
    0], isListed: false, failed: (_request, { errorCode }: KafkaError) => ({ errorCode }) },
  async (request, call, needs: Needs) => {
    const { environment, telemetry } = needs
    const {
      clientInstanceId: instanceId, subscriptionId, terminating, compressionType, metrics,
    } = request
    const errorCode = telemetry.push({
      instanceId, subscriptionId, isTerminating: terminating, compressionType,
      bytes: metrics.length,
    }, telemetryClient(call, needs), environment.monotonicMs())
    if (errorCode !== code.NONE) return { errorCode }
    const problem = await contentProblem(request, telemetry.bytesMax)
    if (problem !== code.NONE) telemetry.failed(instanceId, problem)
    return { errorCode: problem }
  })

/** The bound holds for what comes out, too: a small bomb is a bomb (R-X6). */
async function contentProblem (
  { compressionType, metrics }: PushTelemetryRequest, bytesMax: number
): Promise<number> {
  const codec = codecs[compressionType]
  if (codec === undefined || metrics.length === 0) return code.NONE
  try {
    await decompressedAsync({ codec, bytes: metrics, magic: 2, limitBytes: bytesMax })
    return code.NONE
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return error.exception === 'RecordTooLargeException' ? code.TELEMETRY_TOO_LARGE : code.INVALID_RECORD
  }
}
