/** A broker of ours in memory, with the settings of a conversation. */
import { startBroker } from '../../../src/index.ts'
import type { OttlaBroker } from '../../../src/index.ts'
import type { Conversation } from './form.ts'

export async function startOttla ({ settings }: Conversation): Promise<OttlaBroker> {
  return await startBroker({
    settings: { listeners: ['PLAINTEXT://127.0.0.1:0'], ...Object.fromEntries(settings) } as object,
  })
}
