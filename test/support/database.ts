import { Client } from 'pg'
import { migrate } from '../../prisma/migrate.ts'
import type { Owner } from '../../prisma/owners.ts'

export type TestDatabase = { url: string; drop(): Promise<void> }

/** A database of its own for one suite, on the real server global-setup started, with the owner's migrations applied. */
export async function createTestDatabase(owner: Owner): Promise<TestDatabase> {
  const database = await createEmptyDatabase(owner)
  await migrate(owner, database.url)
  return database
}

/** As `createTestDatabase`, with nothing in it. */
export async function createEmptyDatabase(label: string): Promise<TestDatabase> {
  const server = process.env.TRELLIS_TEST_DATABASE_URL
  if (!server) throw new Error('The test database server is not running: tests are started with npm test.')
  const name = `test_${label}_${crypto.randomUUID().replaceAll('-', '')}`
  await onServer(server, `CREATE DATABASE ${name}`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  return { url, drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
