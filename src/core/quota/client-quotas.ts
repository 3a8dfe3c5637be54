/** All quotas of clients that requests are counted by (KIP-13, KIP-124, KIP-599). */
import type { EntityQuotas } from '../metadata/facts.ts'
import { ConnectionRates } from './connection-rates.ts'
import { MutationQuota } from './mutation-quota.ts'
import { RateQuota } from './rate-quota.ts'
import type { SampleWindow } from './sampled-rate.ts'

export interface QuotaWindows {
  /** `quota.window.num` and `quota.window.size.seconds` */
  readonly clients: SampleWindow
  /** `controller.quota.window.num` and `controller.quota.window.size.seconds` */
  readonly controller: SampleWindow
}

export class ClientQuotas {
  readonly produce: RateQuota
  readonly fetch: RateQuota
  /** In percents of one second, a millisecond of work being 0.1. */
  readonly request: RateQuota
  readonly mutation: MutationQuota
  /** Of addresses, of listeners and of the broker. */
  readonly connections: ConnectionRates

  constructor ({ clients, controller }: QuotaWindows) {
    this.produce = new RateQuota({ key: 'producer_byte_rate', window: clients })
    this.fetch = new RateQuota({ key: 'consumer_byte_rate', window: clients })
    this.request = new RateQuota({
      key: 'request_percentage', window: clients, throttleMsMax: clients.sampleMs,
    })
    this.mutation = new MutationQuota(controller)
    this.connections = new ConnectionRates(clients)
  }

  /** The quotas as they are from now on; what was used before still counts. */
  load (quotas: Iterable<EntityQuotas>): void {
    const all = [...quotas]
    for (const quota of [this.produce, this.fetch, this.request, this.mutation, this.connections]) {
      quota.load(all)
    }
  }
}
