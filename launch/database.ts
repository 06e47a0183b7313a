import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Close } from '../foundation/closing.ts'
import { type Owner, owners } from '../prisma/owners.ts'
import { findClusterFolder } from './cluster-folder.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { discardSecrets } from './secrets.ts'
import { codeOf, StartError } from './start-error.ts'

export type Database = {
  /** For people: `PostgreSQL 18, embedded`. */
  description: string
  /** The URL of each owner's database, which exists. */
  urls: Readonly<Record<Owner, string>>
  /** Resolves with a line for people when the embedded server ends without having been asked to. */
  failed: Promise<string>
  close: Close
}

export type DatabaseOptions = {
  /** The data directory. */
  path: string
  password: string /** The secrets are new. */
  fresh: boolean
}

const connectsWithinMs = 10_000

/**
 * @param server the URL of a PostgreSQL server to use; without it the embedded one is started
 * @throws {StartError}
 */
export function startDatabase(server: string | undefined, embedded: DatabaseOptions): Promise<Database> {
  return server ? connectDatabaseServer(server, embedded) : startEmbeddedDatabase(embedded)
}

async function startEmbeddedDatabase({ path, password, fresh }: DatabaseOptions): Promise<Database> {
  const folder = await findClusterFolder(path)
  if (fresh && (await isThere(join(folder.directory, 'cluster')))) {
    await refuseNewSecrets(path, `The database in ${folder.directory} was made with other secrets`)
  }
  const postgres = await startEmbeddedPostgres({ ...folder, password })
  try {
    const urls = await createDatabases(postgres.url)
    return {
      description: `PostgreSQL 18, embedded, in ${folder.directory}`,
      urls,
      failed: postgres.failed,
      close: postgres.close,
    }
  } catch (error) {
    await postgres.close()
    throw error
  }
}

/** E-mail addresses are encrypted, and found, with a key among the secrets: with new ones the old data is lost. */
async function connectDatabaseServer(url: string, { path, fresh }: DatabaseOptions): Promise<Database> {
  const urls = await createDatabases(url)
  if (fresh && (await hasTables(urls.users))) {
    await refuseNewSecrets(path, `The databases at ${new URL(url).host} were filled with other secrets`)
  }
  return {
    description: `PostgreSQL at ${new URL(url).host}`,
    urls,
    failed: new Promise(() => undefined),
    close: async () => undefined,
  }
}

/** Not kept, or the next start would take them for the right ones. */
async function refuseNewSecrets(path: string, reason: string): Promise<never> {
  await discardSecrets(path)
  throw new StartError(`${reason}: put back the secrets.json that belongs to it into ${path}.`)
}

async function hasTables(url: string): Promise<boolean> {
  return (await query(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)).length > 0
}

async function createDatabases(server: string): Promise<Readonly<Record<Owner, string>>> {
  const existing = await query(server, 'SELECT datname AS name FROM pg_database')
  const names = new Set(existing.map(({ name }) => name))
  const missing = owners.filter((owner) => !names.has(owner))
  await Promise.all(missing.map((owner) => createDatabase(server, owner)))
  const urls = owners.map((owner) => [owner, Object.assign(new URL(server), { pathname: `/${owner}` }).href])
  return Object.fromEntries(urls)
}

async function createDatabase(server: string, owner: Owner): Promise<void> {
  try {
    await query(server, `CREATE DATABASE ${owner}`)
  } catch (error) {
    // 42P04, or 23505 at the very same moment: another launcher on the same server was faster.
    if (error instanceof StartError && ['42P04', '23505'].includes(codeOf(error.cause) ?? '')) return
    throw error
  }
}

async function query(server: string, statement: string): Promise<{ name: string }[]> {
  const client = new Client({
    connectionString: server,
    connectionTimeoutMillis: connectsWithinMs,
    application_name: 'trellis-start',
  })
  client.on('error', () => undefined) // a connection lost while idle; what was asked of it rejects by itself
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string }>(statement)
    return rows
  } catch (cause) {
    throw new StartError(`The database server at ${new URL(server).host} ${databaseFault(cause)}`, { cause })
  } finally {
    await client.end()
  }
}

function databaseFault(error: unknown): string {
  const message = error instanceof Error && error.message ? error.message : 'no reason given'
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return 'cannot be reached: nothing listens there.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'cannot be reached: there is no host of that name.'
    case '28P01':
    case '28000':
      return `refuses the user or the password: ${message}.`
    case '42501':
      return `does not let this user create databases: ${message}.`
    default:
      return `cannot be used: ${message}.`
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
