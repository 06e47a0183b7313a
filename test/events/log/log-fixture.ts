import { readFile } from 'node:fs/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg'
import type { Bus } from '../../../events/bus/bus.ts'
import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { createEventCatalogue } from '../../../events/catalogue/event-catalogue.ts'
import type { NewEvent } from '../../../events/catalogue/platform-event.ts'
import { type ModuleLog, type ModuleLogOptions, openModuleLog } from '../../../events/log/module-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { type Prisma, PrismaClient } from '../../../prisma/generated/bus/client.ts'
import { createTestDatabase } from '../../support/database.ts'

export type TestLog = ModuleLog<Prisma.TransactionClient>

export type LogFixture = {
  url: string
  bus: Bus
  /** For looking at the tables, and for harm. */
  pool: Pool
  /** As another instance of the module would. Closed with the fixture. */
  openLog(options?: Partial<ModuleLogOptions<Prisma.TransactionClient>>): Promise<TestLog>
  /** Ends the backends whose application name begins so, as a crash of their process or network would. */
  terminate(name: string): Promise<number>
  /** All positions, as they are in the log. */
  positions(): Promise<{ position: number; subject: string }[]>
  close(): Promise<void>
}

/** What these tests write: anything, of two types. */
const catalogue = await createEventCatalogue(
  ['test.thing.changed', 'test.other.changed'].flatMap((type) =>
    [1, 3].map((version) => ({ type, version, schema: { title: type, description: type, type: 'object' } })),
  ),
)

/** One real database with an event log and a bus in it: their tables have names of their own. */
export async function openLogFixture(): Promise<LogFixture> {
  const database = await createTestDatabase('bus')
  const pool = new Pool({ connectionString: database.url, application_name: 'test' })
  pool.on('error', () => undefined)
  for (const file of ['event-log.sql', 'event-log-retention.sql']) {
    await pool.query(await readFile(new URL(`../../../prisma/${file}`, import.meta.url), 'utf8'))
  }
  await pool.query('CREATE TABLE thing (id text PRIMARY KEY, value int NOT NULL)')
  const adapter = new PrismaPg({ connectionString: database.url, application_name: 'module', max: 16 })
  const db = new PrismaClient({ adapter })
  const bus = await openPostgresBus({ databaseUrl: database.url, log: silentLog })
  const logs: TestLog[] = []

  return {
    url: database.url,
    bus,
    pool,
    async openLog(options) {
      const log = await openModuleLog({
        db,
        databaseUrl: database.url,
        source: 'test',
        bus,
        log: silentLog,
        catalogue,
        ...options,
      })
      logs.push(log)
      return log
    },
    async terminate(name) {
      const { rowCount } = await pool.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname = current_database() AND starts_with(application_name, $1)`,
        [name],
      )
      return rowCount ?? 0
    },
    async positions() {
      const { rows } = await pool.query<{ position: string; subject: string }>(
        'SELECT position, subject FROM event_log WHERE position IS NOT NULL ORDER BY position',
      )
      return rows.map(({ position, subject }) => ({ position: Number(position), subject }))
    },
    async close() {
      await Promise.all(logs.map((log) => log.close()))
      await bus.close()
      await db.$disconnect()
      await pool.end()
      await database.drop()
    },
  }
}

/** A test with a log of its own, beside the others of its file: most of their time they wait. */
export function testLog(
  name: string,
  prove: (fixture: LogFixture) => Promise<void>,
  timeoutMs?: number,
): void {
  test.concurrent(
    name,
    async () => {
      const fixture = await openLogFixture()
      try {
        await prove(fixture)
      } finally {
        await fixture.close()
      }
    },
    timeoutMs,
  )
}

export function thingChanged(subject: string, more: Partial<NewEvent> = {}): NewEvent {
  return {
    type: 'test.thing.changed',
    subject,
    client: 'acme',
    actor: null,
    traceparent: null,
    data: { subject },
    ...more,
  }
}

/** One event in a transaction of its own. */
export function write(log: TestLog, subject: string, more: Partial<NewEvent> = {}): Promise<unknown> {
  return log.transaction((_tx, append) => append(thingChanged(subject, more)))
}

/** Many events at once, as a burst of mutations leaves them. */
export async function writeMany(log: TestLog, subjects: string[]): Promise<void> {
  for (let start = 0; start < subjects.length; start += 1_000) {
    await log.transaction(async (tx) => {
      await tx.$executeRaw`
        INSERT INTO event_log (id, type, subject, client, time, data_version, data)
        SELECT gen_random_uuid(), 'test.thing.changed', name, 'acme', now(), 1, '{}'
        FROM unnest(${subjects.slice(start, start + 1_000)}::text[]) WITH ORDINALITY AS list(name, place) ORDER BY place`
    })
  }
}

export const things = { name: 'things', client: 'acme', types: ['test.thing.changed'] }

/** The next `count` values of a generator that goes on. */
export async function take<T>(generator: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const { value, done } = await generator.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}
