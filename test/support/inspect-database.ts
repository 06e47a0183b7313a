import { Client } from 'pg'

/** Runs one statement on a database, beside the service that owns it. */
export async function queryDatabase<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

export type LoggedEvent = {
  type: string
  subject: string
  client: string
  actor: string | null
  data: object
}

/** All that a module has put into its event log, oldest first. */
export function readEventLog(url: string): Promise<LoggedEvent[]> {
  return queryDatabase<LoggedEvent>(
    url,
    'SELECT type, subject, client, actor, data FROM event_log ORDER BY seq',
  )
}

/** Every row of every table, as text: for what must not be found in a database. */
export async function dumpDatabase(url: string): Promise<string> {
  const tables = await queryDatabase<{ tablename: string }>(
    url,
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
  )
  const dumps = await Promise.all(
    tables.map(({ tablename }) =>
      queryDatabase<{ row: string }>(url, `SELECT t::text AS row FROM "${tablename}" t`),
    ),
  )
  return dumps.flatMap((rows) => rows.map(({ row }) => row)).join('\n')
}
