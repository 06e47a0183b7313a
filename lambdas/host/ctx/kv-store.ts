import { isDeepStrictEqual } from 'node:util'
import { TrellisError } from '../../../foundation/errors.ts'
import { isStorableText } from '../../../foundation/storable-text.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

/**
 * Small state of each client's plugin, in the host's database: all copies of the host share it, and releases hand it on.
 * Values are JSON texts. Every client is limited for itself.
 */
export type KvStore = {
  /** @returns null when there is none, or its time is over */
  get(client: string, key: string): Promise<string | null>
  /**
   * @returns whether it was written: not, where `ifEquals` says what has to be there before (null: nothing) and it is not
   * @throws {TrellisError} BAD_USER_INPUT, KV_VALUE_TOO_LARGE, KV_FULL
   */
  set(client: string, entry: NewEntry): Promise<boolean>
  /** @returns whether there was one */
  delete(client: string, key: string): Promise<boolean>
  /** Keys with this prefix behind `after`, by their bytes. Fewer than `limit` where their values are large. */
  list(client: string, page: KvPage): Promise<KvEntry[]>
  /** Forgets what has expired; what has is invisible before that. */
  removeExpired(): Promise<void>
}

export type KvEntry = { key: string; value: string }
export type NewEntry = KvEntry & {
  /** Forgotten after so long. */
  ttlSeconds?: number | undefined
  /** JSON text. */
  ifEquals?: string | undefined
}
export type KvPage = { prefix: string; after: string | null; limit: number }

export const kvLimits = {
  keyChars: 256,
  valueChars: 64 * 1024,
  keys: 10_000,
  /** Of all keys and values of a client. */
  chars: 10 * 1024 * 1024,
  ttlSeconds: 10 * 365 * 86_400,
}

/** Of one page's values. */
const pageChars = 500_000

type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]
type Usage = { keys: number; chars: number }
type StoredValue = { value: string; expired: boolean }

export function createKvStore(db: PrismaClient): KvStore {
  return {
    async get(client, key) {
      requireKey(key)
      const [row] = await db.$queryRaw<{ value: string }[]>`
        SELECT value FROM plugin_value
        WHERE client = ${client} AND key = ${key} AND (expires_at IS NULL OR expires_at > now())`
      return row?.value ?? null
    },
    async set(client, entry) {
      requireEntry(entry)
      return db.$transaction(async (tx) => {
        const usage = await lockUsage(tx, client)
        const before = await readStored(tx, client, entry.key)
        if (!isExpected(before, entry.ifEquals)) return false
        const grown = grow(usage, before, entry)
        await write(tx, client, entry)
        await saveUsage(tx, client, isFull(grown) ? await purge(tx, client, grown) : grown)
        return true
      })
    },
    async delete(client, key) {
      requireKey(key)
      return db.$transaction(async (tx) => {
        const usage = await lockUsage(tx, client)
        const before = await readStored(tx, client, key)
        if (!before) return false
        await tx.pluginValue.delete({ where: { client_key: { client, key } } })
        await saveUsage(tx, client, {
          keys: usage.keys - 1,
          chars: usage.chars - sizeOf({ key, value: before.value }),
        })
        return !before.expired
      })
    },
    async list(client, { prefix, after, limit }) {
      if (prefix !== '') requireKey(prefix)
      if (after !== null) requireKey(after)
      const rows = await db.$queryRaw<KvEntry[]>`
        SELECT key, value FROM plugin_value
        WHERE client = ${client} AND key >= ${prefix} AND starts_with(key, ${prefix}) AND key > ${after ?? ''}
          AND (expires_at IS NULL OR expires_at > now())
        ORDER BY key LIMIT ${limit}`
      return fitting(rows)
    },
    async removeExpired() {
      const clients = await db.$queryRaw<{ client: string }[]>`
        SELECT DISTINCT client FROM plugin_value WHERE expires_at <= now()`
      for (const { client } of clients) {
        await db.$transaction(async (tx) => {
          await saveUsage(tx, client, await withoutExpired(tx, client, await lockUsage(tx, client)))
        })
      }
    },
  }
}

/** One writer of a client at a time: what its limits are held against does not change meanwhile. */
async function lockUsage(tx: Transaction, client: string): Promise<Usage> {
  const [usage] = await tx.$queryRaw<Usage[]>`
    INSERT INTO plugin_value_usage (client) VALUES (${client})
    ON CONFLICT (client) DO UPDATE SET client = excluded.client RETURNING keys, chars`
  if (!usage) throw new Error('PostgreSQL returned no row of the one it wrote.')
  return usage
}

async function readStored(tx: Transaction, client: string, key: string): Promise<StoredValue | null> {
  const [row] = await tx.$queryRaw<StoredValue[]>`
    SELECT value, expires_at IS NOT NULL AND expires_at <= now() AS expired FROM plugin_value
    WHERE client = ${client} AND key = ${key}`
  return row ?? null
}

function isExpected(before: StoredValue | null, ifEquals: string | undefined): boolean {
  if (ifEquals === undefined) return true
  const now: unknown = before && !before.expired ? JSON.parse(before.value) : null
  return isDeepStrictEqual(now, JSON.parse(ifEquals))
}

function grow({ keys, chars }: Usage, before: StoredValue | null, entry: KvEntry): Usage {
  const freed = before ? sizeOf({ key: entry.key, value: before.value }) : 0
  return { keys: keys + (before ? 0 : 1), chars: chars - freed + sizeOf(entry) }
}

async function write(tx: Transaction, client: string, { key, value, ttlSeconds }: NewEntry): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO plugin_value (client, key, value, expires_at)
    VALUES (${client}, ${key}, ${value}, now() + make_interval(secs => ${ttlSeconds ?? null}::float8))
    ON CONFLICT (client, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
}

async function saveUsage(tx: Transaction, client: string, usage: Usage): Promise<void> {
  await tx.pluginValueUsage.update({ where: { client }, data: usage })
}

/** What has expired does not count. @throws {TrellisError} KV_FULL, which undoes what was written */
async function purge(tx: Transaction, client: string, usage: Usage): Promise<Usage> {
  const left = await withoutExpired(tx, client, usage)
  if (!isFull(left)) return left
  throw new TrellisError(
    'KV_FULL',
    `A client's plugin keeps at most ${kvLimits.keys} keys and ${kvLimits.chars} characters; delete some first.`,
  )
}

async function withoutExpired(tx: Transaction, client: string, { keys, chars }: Usage): Promise<Usage> {
  const gone = await tx.$queryRaw<KvEntry[]>`
    DELETE FROM plugin_value WHERE client = ${client} AND expires_at <= now() RETURNING key, value`
  return { keys: keys - gone.length, chars: chars - gone.reduce((sum, entry) => sum + sizeOf(entry), 0) }
}

function isFull({ keys, chars }: Usage): boolean {
  return keys > kvLimits.keys || chars > kvLimits.chars
}

function fitting(rows: readonly KvEntry[]): KvEntry[] {
  let chars = 0
  const tooMany = rows.findIndex((entry) => {
    chars += sizeOf(entry)
    return chars > pageChars
  })
  return tooMany < 0 ? [...rows] : rows.slice(0, Math.max(1, tooMany))
}

function sizeOf({ key, value }: KvEntry): number {
  return key.length + value.length
}

function requireEntry({ key, value, ttlSeconds }: NewEntry): void {
  requireKey(key)
  if (value.length > kvLimits.valueChars)
    throw new TrellisError(
      'KV_VALUE_TOO_LARGE',
      `A value has at most ${kvLimits.valueChars} characters of JSON.`,
    )
  if (ttlSeconds !== undefined && !(ttlSeconds > 0 && ttlSeconds <= kvLimits.ttlSeconds))
    throw new TrellisError('BAD_USER_INPUT', 'ttlSeconds is a number above 0, and of ten years at most.')
}

/** PostgreSQL keeps neither NUL nor half of a surrogate pair in text. */
function requireKey(key: string): void {
  if (key === '' || key.length > kvLimits.keyChars || !isStorableText(key))
    throw new TrellisError(
      'BAD_USER_INPUT',
      `A key is well-formed text of 1 to ${kvLimits.keyChars} characters.`,
    )
}
