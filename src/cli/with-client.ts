/** A command's client: from the options that all commands share, closed when the command ends. */
import { parseAddresses } from '../client/address.ts'
import { Client } from '../client/client.ts'
import type { ClientOptions } from '../client/client.ts'
import { UsageError } from './error.ts'

export interface SharedOptions {
  readonly bootstrapServer: string
  readonly json?: boolean
}

const CLIENT_ID = 'ottla-command'

export async function withClient<T> (
  { bootstrapServer }: SharedOptions, run: (client: Client) => Promise<T>,
  options: Partial<ClientOptions> = {}
): Promise<T> {
  const client = new Client(addressesOf(bootstrapServer), { clientId: CLIENT_ID, ...options })
  try {
    return await run(client)
  } finally {
    await client.close()
  }
}

function addressesOf (text: string) {
  try {
    return parseAddresses(text)
  } catch (error) {
    throw new UsageError(`--bootstrap-server ${(error as Error).message}`)
  }
}
