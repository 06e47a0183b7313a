import { createKvStore, type KvStore, kvLimits } from '../../../lambdas/host/ctx/kv-store.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import { eventually } from '../../support/eventually.ts'
import { openLambdasDatabase } from './lambdas-database.ts'

let database: Awaited<ReturnType<typeof openLambdasDatabase>>
let db: PrismaClient
let kv: KvStore
let client = ''
let clients = 0
beforeAll(async () => {
  database = await openLambdasDatabase()
  db = database.db
  kv = createKvStore(db)
})
afterAll(() => database?.close())
beforeEach(() => {
  client = `client-${++clients}`
})

const set = (key: string, value: unknown, rest = {}) =>
  kv.set(client, { key, value: JSON.stringify(value), ...rest })
const usage = () => db.pluginValueUsage.findUnique({ where: { client } })
/** What the usage has to be, counted anew. */
const counted = async () => {
  const rows = await db.pluginValue.findMany({ where: { client } })
  return {
    keys: rows.length,
    chars: rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0),
  }
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => error.code,
  )

test('a value is there until it is deleted, for its own client', async () => {
  expect(await kv.get(client, 'a')).toBeNull()
  await set('a', { n: 1 })
  await set('a', { n: 2, nul: '\0', half: '\ud800' })
  expect(JSON.parse((await kv.get(client, 'a')) ?? '')).toEqual({ n: 2, nul: '\0', half: '\ud800' })
  expect(await kv.get('another', 'a')).toBeNull()
  expect(await kv.delete('another', 'a')).toBe(false)
  expect(await kv.delete(client, 'a')).toBe(true)
  expect(await kv.delete(client, 'a')).toBe(false)
  expect(await usage()).toMatchObject({ keys: 0, chars: 0 })
})

test('what has expired is gone at once, and is counted out later', async () => {
  await set('short', 1, { ttlSeconds: 0.05 })
  await set('long', 2, { ttlSeconds: 3600 })
  expect(await kv.get(client, 'long')).toBe('2')
  await eventually('it expires', async () => (await kv.get(client, 'short')) === null)
  expect(await kv.list(client, { prefix: '', after: null, limit: 10 })).toEqual([{ key: 'long', value: '2' }])
  expect(await kv.delete(client, 'short')).toBe(false)
  await set('short', 1, { ttlSeconds: 0.05 })
  await eventually('it expires', async () => (await kv.get(client, 'short')) === null)
  await kv.removeExpired()
  expect(await usage()).toMatchObject({ keys: 1, chars: 5 })
})

test('writes only where the value is what it is expected to be, whatever the order of its properties', async () => {
  expect(await set('c', 1, { ifEquals: '1' })).toBe(false)
  expect(await set('c', { a: 1, b: [2] }, { ifEquals: 'null' })).toBe(true)
  expect(await set('c', 2, { ifEquals: 'null' })).toBe(false)
  expect(await set('c', 2, { ifEquals: '{"b":[2],"a":1}' })).toBe(true)
  expect(await kv.get(client, 'c')).toBe('2')
})

test('of many who count at once, each is counted', async () => {
  const count = async (): Promise<void> => {
    const before = await kv.get(client, 'n')
    const next = JSON.stringify(Number(before ?? 0) + 1)
    if (!(await kv.set(client, { key: 'n', value: next, ifEquals: before ?? 'null' }))) await count()
  }
  await Promise.all(Array.from({ length: 8 }, count))
  expect(await kv.get(client, 'n')).toBe('8')
})

test('lists by prefix, page after page, in one order', async () => {
  for (const key of ['a:2', 'a:10', 'a%', 'b:1', 'A:1', 'a:é', 'a:1']) await set(key, 0)
  const page = (after: string | null, limit = 2) => kv.list(client, { prefix: 'a:', after, limit })
  const keysOf = async (listed: ReturnType<typeof page>) => (await listed).map(({ key }) => key)
  expect(await keysOf(page(null))).toEqual(['a:1', 'a:10'])
  expect(await keysOf(page('a:10'))).toEqual(['a:2', 'a:é'])
  expect(await keysOf(page('a:é'))).toEqual([])
})

test('a page holds fewer where values are large, and one at least', async () => {
  for (let n = 0; n < 12; n++) await set(`k${n}`, 'x'.repeat(60_000))
  const page = await kv.list(client, { prefix: '', after: null, limit: 100 })
  expect(page.length).toBe(8)
})

test.each([
  ['BAD_USER_INPUT', '', 1, {}],
  ['BAD_USER_INPUT', 'k'.repeat(kvLimits.keyChars + 1), 1, {}],
  ['BAD_USER_INPUT', 'nul\0', 1, {}],
  ['BAD_USER_INPUT', 'half \ud800', 1, {}],
  ['BAD_USER_INPUT', 'k', 1, { ttlSeconds: 0 }],
  ['BAD_USER_INPUT', 'k', 1, { ttlSeconds: 1e12 }],
  ['BAD_USER_INPUT', 'k', 1, { ttlSeconds: Number.NaN }],
  ['KV_VALUE_TOO_LARGE', 'k', 'x'.repeat(kvLimits.valueChars), {}],
  ['done', 'k'.repeat(kvLimits.keyChars), 'x'.repeat(kvLimits.valueChars - 2), {}],
  ['done', "'; DROP TABLE plugin_value; --", 1, {}],
])('%s: key %s', async (code, key, value, rest) => {
  expect(await codeOf(set(key, value, rest))).toBe(code)
  expect((await usage()) ?? { keys: 0, chars: 0 }).toMatchObject(await counted())
})

test('a client has 10,000 keys, then none more; what has expired makes room, and others have their own', async () => {
  await set('first', 0)
  await db.$executeRaw`
    INSERT INTO plugin_value (client, key, value) SELECT ${client}, 'k' || n, '0' FROM generate_series(1, ${kvLimits.keys - 1}) AS n`
  await db.$executeRaw`
    UPDATE plugin_value_usage SET (keys, chars) =
      (SELECT count(*), sum(length(key) + length(value)) FROM plugin_value v WHERE v.client = ${client}) WHERE client = ${client}`
  expect(await codeOf(set('one more', 0))).toBe('KV_FULL')
  expect(await kv.get(client, 'one more')).toBeNull()
  expect(await codeOf(set('first', 1))).toBe('done')
  expect(await codeOf(kv.set('another', { key: 'a', value: '0' }))).toBe('done')
  await db.$executeRaw`UPDATE plugin_value SET expires_at = now() - interval '1 second' WHERE client = ${client} AND key IN ('k1', 'k2')`
  expect(await codeOf(set('one more', 0))).toBe('done')
  expect(await usage()).toMatchObject(await counted())
})

test('a client keeps 10 MB together', async () => {
  const value = JSON.stringify('x'.repeat(kvLimits.valueChars - 2))
  await set('first', 0)
  await db.$executeRaw`
    INSERT INTO plugin_value (client, key, value) SELECT ${client}, 'k' || n, ${value} FROM generate_series(1, 159) AS n`
  await db.$executeRaw`
    UPDATE plugin_value_usage SET (keys, chars) =
      (SELECT count(*), sum(length(key) + length(value)) FROM plugin_value v WHERE v.client = ${client}) WHERE client = ${client}`
  expect(await codeOf(kv.set(client, { key: 'last', value }))).toBe('KV_FULL')
  expect(await codeOf(set('k1', 'smaller'))).toBe('done')
  expect(await codeOf(kv.set(client, { key: 'last', value }))).toBe('done')
})
