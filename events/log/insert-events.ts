import type { PlatformEvent } from '../catalogue/platform-event.ts'

/** What the log needs of a module's Prisma transaction. */
export type LogTransaction = {
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>
}

const insertedAtOnce = 100

/** One statement for many: a transaction that touches a thousand things is not a thousand round trips. */
export async function insertEvents(tx: LogTransaction, events: readonly PlatformEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += insertedAtOnce) {
    const rows = JSON.stringify(events.slice(from, from + insertedAtOnce))
    await tx.$executeRaw`
      INSERT INTO event_log (id, type, subject, client, actor, time, traceparent, data_version, data)
      SELECT id, type, subject, client, actor, time, traceparent, "dataVersion", data
      FROM ROWS FROM (jsonb_to_recordset(${rows}::jsonb) AS (id text, type text, subject text, client text, actor text,
        time timestamptz, traceparent text, "dataVersion" int, data jsonb)) WITH ORDINALITY
      ORDER BY ordinality
      ON CONFLICT (id) DO NOTHING`
  }
}
