import type { HistoryEntry } from '../../../events/bus/bus-operations.ts'
import type { Prisma, PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

export type QueueTransaction = Prisma.TransactionClient

/** In a transaction in which nothing else comes into this client's queue. */
export function inQueueOf<T>(
  db: PrismaClient,
  client: string,
  work: (tx: QueueTransaction) => Promise<T>,
): Promise<T> {
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('handlers of ' || ${client}, 0))`
    await tx.$executeRaw`INSERT INTO handler_queue (client) VALUES (${client}) ON CONFLICT DO NOTHING`
    return work(tx)
  })
}

/** In their order. */
export async function insertEvents(
  tx: QueueTransaction,
  client: string,
  entries: readonly Arrival[],
): Promise<void> {
  if (entries.length === 0) return
  const events = entries.map(({ event }) => event)
  await tx.$executeRaw`
    INSERT INTO handler_event (client, event_id, subject, event)
    SELECT ${client}, event ->> 'id', event ->> 'subject', event
    FROM jsonb_array_elements(${JSON.stringify(events)}::jsonb) WITH ORDINALITY AS given(event, place)
    ORDER BY place ON CONFLICT DO NOTHING`
}

export async function isFull(
  db: Pick<QueueTransaction, '$queryRaw'>,
  client: string,
  most: number,
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 AS full FROM handler_event WHERE client = ${client} AND waiting OFFSET ${most - 1} LIMIT 1`
  return rows.length > 0
}

type Arrival = Pick<HistoryEntry, 'event'>
type Write<Entry> = (client: string, entries: readonly Entry[]) => Promise<void>
type Batch<Entry> = { entries: Entry[]; written: Promise<void> }

/** What comes for a client while its last entries are being written, is written together after them. */
export function createArrivals<Entry extends Arrival>(write: Write<Entry>): (entry: Entry) => Promise<void> {
  const gathering = new Map<string, Batch<Entry>>()
  const writing = new Map<string, Promise<void>>()

  function open(client: string): Batch<Entry> {
    const entries: Entry[] = []
    const before = writing.get(client)?.catch(() => undefined)
    const written = Promise.resolve(before).then(() => {
      gathering.delete(client)
      return write(client, entries)
    })
    const batch = { entries, written }
    gathering.set(client, batch)
    writing.set(client, written)
    const forget = () => {
      if (writing.get(client) === written) writing.delete(client)
    }
    written.then(forget, forget)
    return batch
  }

  return (entry) => {
    const { client } = entry.event
    const batch = gathering.get(client) ?? open(client)
    batch.entries.push(entry)
    return batch.written
  }
}
