/**
 * What no honest producer does, to see that it is refused (P5): the same batch once more, a batch
 * with sequences left out, and one of an epoch that is over.
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { Produce } from '../../../protocol/messages/00-produce.ts'
import type { MessageToWrite } from '../../../protocol/types.ts'
import { ConnectionLost } from '../network.ts'
import { ViolationError } from '../world.ts'
import type { Batch, Target } from './batch.ts'
import type { Client } from './client.ts'

/** A producer, as far as it is asked to misbehave. */
type Producer = Client & {
  requestFor (batch: Batch, acks: number): MessageToWrite<typeof Produce.request>,
}
type Row = { errorCode: number, baseOffset: bigint }
const GAP = 1000

/** One of them at random, at a partition where nothing is under way. */
export async function probe (producer: Producer, target: Target): Promise<void> {
  const { last } = target
  const ledger = producer.ledgerOf(target.topic, target.index)
  // A power loss or retention may make the broker forget what the answers depend on.
  if (last === undefined || target.queue.length > 0 || ledger.hasLost || ledger.startOffset > 0) {
    return
  }
  try {
    const luck = producer.random.next()
    if (luck < 0.4) await duplicate(producer, last)
    else if (luck < 0.8) await gap(producer, target, last)
    else if (last.epoch > 0) await zombie(producer, last)
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
  }
}

async function send (producer: Producer, batch: Batch): Promise<Row> {
  const { responses } = await producer.ask(Produce, producer.versionOf(Produce, 3),
    producer.requestFor(batch, -1))
  return responses[0]?.partitionResponses[0] as Row
}

async function duplicate (producer: Producer, last: Batch): Promise<void> {
  const { target } = last
  const { errorCode, baseOffset } = await send(producer, last)
  if (errorCode !== code.NONE) return isTold(producer, target, last, errorCode)
  // The power may have been lost while a connection was waited for.
  if (producer.ledgerOf(target.topic, target.index).hasLost) return
  const [first] = last.operation.values
  if (Number(baseOffset) !== first?.offset) {
    throw new ViolationError('idempotence',
      `${target.key}: ${first?.value} is at ${first?.offset}, its duplicate at ${baseOffset}`)
  }
  producer.world.reached('duplicate answered from memory')
}

/** A duplicate is refused only once newer batches have pushed it out. */
function isTold (producer: Producer, target: Target, last: Batch, errorCode: number): void {
  const wrong =
    errorCode === code.OUT_OF_ORDER_SEQUENCE_NUMBER || errorCode === code.INVALID_PRODUCER_EPOCH
  if (!wrong || target.last !== last || producer.ledgerOf(target.topic, target.index).hasLost) {
    return
  }
  throw new ViolationError('idempotence',
    `${target.key}: ${errorName(errorCode)} for the duplicate of sequence ${last.sequence}`)
}

async function gap (producer: Producer, target: Target, last: Batch): Promise<void> {
  const sequence = last.sequence + last.values.length + GAP
  const { errorCode } = await send(producer, { ...last, values: [`${producer.name}.gap`], sequence })
  if (errorCode !== code.NONE) return producer.world.reached('gap in the sequence refused')
  if (producer.ledgerOf(target.topic, target.index).hasLost) return
  throw new ViolationError('idempotence', `${target.key}: sequence ${sequence} was taken after a gap`)
}

async function zombie (producer: Producer, last: Batch): Promise<void> {
  const { target } = last
  const { errorCode } = await send(producer, {
    ...last, values: [`${producer.name}.zombie`], sequence: 0, epoch: last.epoch - 1,
  })
  if (errorCode !== code.NONE) return producer.world.reached('older producer epoch refused')
  if (producer.ledgerOf(target.topic, target.index).hasLost) return
  throw new ViolationError('idempotence', `${target.key}: a batch of epoch ${last.epoch - 1} was taken`)
}
