import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Client } from 'pg'
import type { Owner } from './owners.ts'

/** A database that cannot be brought up to date. `message` names the database, the migration and the way out. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

type Migration = { name: string; sql: string; checksum: string }
type AppliedMigration = { migration_name: string; checksum: string; finished: boolean; logs: string | null }

/** The number Prisma's own engine locks with, so that neither runs while the other does. */
const migrationLock = 72707369

const migrationsTable = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`

/**
 * Brings an owner's database up to date at start, without Prisma's engine. The bookkeeping is Prisma's own
 * (`_prisma_migrations`), so `npm run db -- status` and `deploy` read and continue it. Of several processes starting
 * at once one applies, the others wait and find nothing to do.
 *
 * @param url the owner's database, which exists
 * @returns the names of the migrations applied now, in order
 * @throws {MigrationError} if an applied migration was edited since, one has failed, or fails now; the SQL of a
 *   failing one is rolled back, so that the next start may try it again
 */
export function migrate(owner: Owner, url: string): Promise<string[]> {
  return applyMigrations(new URL(`./${owner}/migrations/`, import.meta.url), url)
}

/** As `migrate`, for any folder laid out as Prisma does: `<timestamp>_<name>/migration.sql`. */
export async function applyMigrations(folder: URL, url: string): Promise<string[]> {
  const migrations = await readMigrations(folder)
  const database = databaseName(url)
  const client = new Client({ connectionString: url, application_name: 'trellis-migrate' })
  try {
    await client.connect()
    await lock(client)
    await client.query(migrationsTable)
    const pending = pendingMigrations(migrations, await readApplied(client))
    for (const migration of pending) await apply(client, migration)
    return pending.map(({ name }) => name)
  } catch (error) {
    throw new MigrationError(`The database ${database} could not be brought up to date: ${reason(error)}`, {
      cause: error,
    })
  } finally {
    await client.end() // also lets go of the lock
  }
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(names.sort().map((name) => readMigration(folder, name)))
}

async function readMigration(folder: URL, name: string): Promise<Migration> {
  const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8')
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}

async function lock(client: Client): Promise<void> {
  await client.query(`SET lock_timeout = '2min'`)
  await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
  await client.query('RESET lock_timeout')
}

async function readApplied(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, logs
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  )
  return rows
}

/**
 * A row that no folder has is passed over: during a rolling deployment an older copy of a service may start after a
 * newer one has migrated.
 */
function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  const failed = applied.find(({ finished }) => !finished)
  if (failed) {
    const how = `repair what it left, then run: npm run db -- resolve ${failed.migration_name}`
    throw new Error(
      `the migration ${failed.migration_name} has failed half-way (${failed.logs ?? 'no log'}); ${how}`,
    )
  }
  const byName = new Map(applied.map((row) => [row.migration_name, row]))
  for (const { name, checksum } of migrations) {
    if ((byName.get(name)?.checksum ?? checksum) === checksum) continue
    throw new Error(
      `the migration ${name} was edited after it had been applied; restore it and add a new one`,
    )
  }
  return migrations.filter(({ name }) => !byName.has(name))
}

/**
 * The row and the migration are one transaction: a process killed here leaves nothing behind. Only where a migration
 * commits by itself can the unfinished row survive a failure, and then it must, as the mark of a half-done one.
 */
async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
      id,
      checksum,
      name,
    ])
    await client.query(sql)
    await client.query(
      'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
      [id],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, reason(error)])
    throw new Error(`the migration ${name} failed: ${reason(error)}`, { cause: error })
  }
}

/** A refused connection to a name with several addresses is an AggregateError, whose own message is empty. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function databaseName(url: string): string {
  const { hostname, pathname } = new URL(url)
  return `"${decodeURIComponent(pathname.slice(1))}" at ${hostname}`
}
