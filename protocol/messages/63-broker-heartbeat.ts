import { api, array, bool, int16, int32, int64, nullable, or, tagged, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Broker to controller: alive, caught up so far, wishes to stop (KIP-631). */
export const BrokerHeartbeat = api({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: [0, 2],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: or(int64, -1n),
    currentMetadataOffset: int64,
    wantFence: bool,
    wantShutDown: bool,
    offlineLogDirs: tagged(0, 1, array(uuid)),
    cordonedLogDirs: tagged(1, 2, nullable(array(uuid)), null),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    isCaughtUp: or(bool, false),
    isFenced: or(bool, true),
    shouldShutDown: bool,
  },
})

export interface BrokerHeartbeatRequest extends RequestOf<typeof BrokerHeartbeat> {}
export interface BrokerHeartbeatResponse extends ResponseOf<typeof BrokerHeartbeat> {}
