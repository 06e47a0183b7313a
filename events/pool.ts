import { Pool } from 'pg'
import type { Log } from '../foundation/log.ts'

export type PoolOptions = { databaseUrl: string /** Seen in `pg_stat_activity`. */; name: string; log: Log }

/** A few connections for short statements. A connection that is lost costs the statement it was at, and is replaced. */
export function openPool({ databaseUrl, name, log }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: name,
    max: 4,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  })
  const onLoss = (error: Error) => log.debug({ err: error, connection: name }, 'lost a pooled connection')
  pool.on('error', onLoss)
  // While a connection is lent the pool does not listen, and an 'error' that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', onLoss))
  return pool
}
