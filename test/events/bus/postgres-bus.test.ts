import { Pool } from 'pg'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createTestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { describeBusContract } from './bus-contract.ts'
import { type Broker, happened, nameOf } from './bus-fixture.ts'
import { describeReplayContract } from './replay-contract.ts'

/** The server is shared with other tests: its sessions end as they would when it is killed. */
async function openDatabase(): Promise<Broker> {
  const database = await createTestDatabase('bus')
  return {
    url: database.url,
    restart: () => endSessions(database.url, 'event bus'),
    close: database.drop,
  }
}

async function endSessions(url: string, name: string): Promise<void> {
  await withPool(url, (pool) =>
    pool.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = current_database() AND starts_with(application_name, $1)`,
      [name],
    ),
  )
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString: url, application_name: 'test' })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

describe('the bus on PostgreSQL', () => {
  describeBusContract(openDatabase)
  describeReplayContract(openDatabase)

  test.concurrent('a publish that fails is all or nothing, and the bus goes on', async () => {
    const broker = await openDatabase()
    const bus = await openPostgresBus({ databaseUrl: broker.url, log: silentLog })
    const seen: string[] = []
    await bus.subscribe({
      group: 'a',
      async handle(event) {
        seen.push(nameOf(event))
      },
    })
    await expect(bus.publish([happened('a'), happened('b', { time: 'never' })])).rejects.toThrow()
    await broker.restart()
    await bus.publish([happened('c')]).catch(() => bus.publish([happened('c')]))
    await eventually('the good one', () => seen.length > 0)
    expect(seen).toEqual(['c'])
    await bus.close()
    await broker.close()
  })
})
