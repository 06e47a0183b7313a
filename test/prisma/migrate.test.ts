import { Client } from 'pg'
import { applyMigrations, MigrationError, migrate } from '../../prisma/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { openMigrationsFolder } from './migrations-folder.ts'

const createShelf = 'CREATE TABLE shelf (id TEXT PRIMARY KEY);'
const createBook = 'CREATE TABLE book (id TEXT PRIMARY KEY, shelf TEXT NOT NULL REFERENCES shelf);'

describe('migrations at start', () => {
  test('are applied in the order of their names, once', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260102000000_book', createBook)
    await given.write('20260101000000_shelf', createShelf)

    expect(await applyMigrations(given.folder, given.url)).toEqual([
      '20260101000000_shelf',
      '20260102000000_book',
    ])
    expect(await applyMigrations(given.folder, given.url)).toEqual([])

    await given.write('20260103000000_title', 'ALTER TABLE book ADD COLUMN title TEXT;')
    expect(await applyMigrations(given.folder, given.url)).toEqual(['20260103000000_title'])
  })

  test('may hold functions and comments with semicolons in them', async () => {
    await using given = await openMigrationsFolder()
    await given.write(
      '20260101000000_function',
      `-- a comment; with a semicolon
       CREATE FUNCTION twice(n INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN n := n * 2; RETURN n; END $$;`,
    )
    await applyMigrations(given.folder, given.url)
    expect(await given.rows('SELECT twice(21) AS answer')).toEqual([{ answer: 42 }])
  })

  test('are applied once by two processes that start together', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260101000000_shelf', `${createShelf} SELECT pg_sleep(0.2);`)
    await given.write('20260102000000_book', createBook)

    const both = await Promise.all([
      applyMigrations(given.folder, given.url),
      applyMigrations(given.folder, given.url),
    ])
    expect(both.map((names) => names.length).sort()).toEqual([0, 2])
    expect(await given.rows('SELECT count(*)::int AS count FROM _prisma_migrations')).toEqual([{ count: 2 }])
  })

  test('wait for a process that holds the lock of migrations', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260101000000_shelf', createShelf)
    const other = new Client({ connectionString: given.url })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(72707369)')

    const applying = applyMigrations(given.folder, given.url)
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`
    await eventually('the runner waits', async () => (await given.rows(waiting)).length === 1)
    await other.end()
    expect(await applying).toEqual(['20260101000000_shelf'])
  })

  test('are refused when one was edited after it had been applied', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260101000000_shelf', createShelf)
    await applyMigrations(given.folder, given.url)
    await given.write('20260101000000_shelf', `${createShelf} CREATE TABLE sneaked_in (id TEXT);`)
    await given.write('20260102000000_book', createBook)

    await expect(applyMigrations(given.folder, given.url)).rejects.toThrow(
      /20260101000000_shelf was edited after it had been applied/,
    )
    expect(await given.rows(`SELECT to_regclass('book') AS book`)).toEqual([{ book: null }])
  })

  test('that fail leave the database as it was, and can be mended and tried again', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260101000000_shelf', createShelf)
    await given.write('20260102000000_book', `${createBook} INSERT INTO book VALUES ('b1', 'no such shelf');`)

    const failing = applyMigrations(given.folder, given.url)
    await expect(failing).rejects.toBeInstanceOf(MigrationError)
    await expect(failing).rejects.toThrow(
      /"test_migrate_\w+" at .*: the migration 20260102000000_book failed: .*foreign key/,
    )
    expect(await given.rows('SELECT migration_name FROM _prisma_migrations')).toEqual([
      { migration_name: '20260101000000_shelf' },
    ])
    expect(await given.rows(`SELECT to_regclass('book') AS book`)).toEqual([{ book: null }])

    await given.write('20260102000000_book', createBook)
    expect(await applyMigrations(given.folder, given.url)).toEqual(['20260102000000_book'])
  })

  test('that commit by themselves and then fail are not tried again until someone has said they are repaired', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20260101000000_half', `${createShelf} COMMIT; SELECT 1/0;`)

    await expect(applyMigrations(given.folder, given.url)).rejects.toThrow(
      /20260101000000_half failed: division by zero/,
    )
    await expect(applyMigrations(given.folder, given.url)).rejects.toThrow(
      /20260101000000_half has failed half-way \(division by zero\); .* npm run db -- resolve 20260101000000_half/,
    )

    await given.rows('DROP TABLE shelf')
    await given.rows('UPDATE _prisma_migrations SET rolled_back_at = now()') // what `resolve` does
    await given.write('20260101000000_half', createShelf)
    expect(await applyMigrations(given.folder, given.url)).toEqual(['20260101000000_half'])
  })

  test('leave alone what a newer copy of the service has applied', async () => {
    await using given = await openMigrationsFolder()
    await using newer = await openMigrationsFolder()
    for (const folder of [given, newer]) await folder.write('20260101000000_shelf', createShelf)
    await newer.write('20260102000000_book', createBook)

    await applyMigrations(newer.folder, given.url)
    expect(await applyMigrations(given.folder, given.url)).toEqual([])
  })

  test('say in one line that the server is not there', async () => {
    const nobody = 'postgresql://someone@127.0.0.1:1/users'
    await expect(migrate('users', nobody)).rejects.toThrow(
      /^The database "users" at 127.0.0.1 .*ECONNREFUSED[^\n]*$/,
    )
  })
})
