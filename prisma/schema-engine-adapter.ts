import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils'
import { Client, Pool, type PoolConfig, type QueryArrayConfig, type QueryArrayResult } from 'pg'

/**
 * What the WebAssembly schema engine reaches PostgreSQL through: Prisma's adapter, mended where it was made for
 * queries and not for migrations.
 */
export function schemaEngineAdapter(url: string): SqlMigrationAwareDriverAdapterFactory {
  const config = poolConfig(url)
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(config),
    connectToShadowDb: () => connectToShadow(config),
  }
}

/** In parts and never as a `connectionString`: that would win over `database`, and the shadow be the real database. */
export function poolConfig(url: string): PoolConfig {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  return {
    host: decodeURIComponent(hostname) || (searchParams.get('host') ?? undefined),
    port: port ? Number(port) : 5432,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || 'postgres',
    ssl: ['require', 'verify-ca', 'verify-full'].includes(searchParams.get('sslmode') ?? ''),
  }
}

async function connect(config: PoolConfig, afterDispose?: () => Promise<void>): Promise<SqlDriverAdapter> {
  const pool = poolReadingChar(config)
  const adapter = await new PrismaPg(pool).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  return Object.assign(adapter, {
    queryRaw: async (query: SqlQuery) => {
      const { columnTypes, ...result } = await queryRaw(query)
      const mended = columnTypes.map((type) =>
        type === ColumnTypeEnum.CharacterArray ? ColumnTypeEnum.Character : type,
      )
      return { ...result, columnTypes: mended }
    },
    // The adapter's own cuts a script at every semicolon, those inside of functions and comments too.
    executeScript: async (script: string) => {
      await pool.query(script)
    },
    dispose: async () => {
      await pool.end()
      await afterDispose?.()
    },
  })
}

async function connectToShadow(config: PoolConfig): Promise<SqlDriverAdapter> {
  const database = `prisma_migrate_shadow_db_${randomUUID()}`
  await onServer(config, `CREATE DATABASE "${database}"`)
  return connect({ ...config, database }, () => onServer(config, `DROP DATABASE "${database}" WITH (FORCE)`))
}

async function onServer(config: PoolConfig, statement: string): Promise<void> {
  const client = new Client(config)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * The engine reads catalogue columns of type `"char"`, which the adapter takes for unsupported. Here they go through it
 * as `"char"[]`, a type that no query of the engine returns, and `queryRaw` calls them characters again.
 */
function poolReadingChar(config: PoolConfig): Pool {
  const char = 18
  const charArray = 1002
  const pool = new Pool(config)
  const query = pool.query.bind(pool) as (config: QueryArrayConfig) => Promise<QueryArrayResult>
  return Object.assign(pool, {
    query: async (config: QueryArrayConfig) => {
      const result = await query(config)
      for (const field of result.fields ?? []) if (field.dataTypeID === char) field.dataTypeID = charArray
      return result
    },
  })
}
