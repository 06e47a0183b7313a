import { PrismaPg } from '@prisma/adapter-pg'
import { silentLog } from '../../foundation/log.ts'
import { type Prisma, PrismaClient } from '../../prisma/generated/users/client.ts'
import { oldIdempotencyKeys, type Purge, purge, startPurging } from '../../subgraphs/purge.ts'
import { expiredRefreshTokens, oldSessions } from '../../subgraphs/users/old-sessions.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { queryDatabase } from '../support/inspect-database.ts'

let database: TestDatabase
let db: PrismaClient
beforeAll(async () => {
  database = await createTestDatabase('users')
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) })
})
afterAll(async () => {
  await db.$disconnect()
  await database.drop()
})

const never = new AbortController().signal
const purges: Purge<Prisma.TransactionClient>[] = [oldIdempotencyKeys, oldSessions, expiredRefreshTokens]
const query = <Row extends object>(sql: string) => queryDatabase<Row>(database.url, sql)

test('deletes old idempotency keys, all of them, batch by batch, and no young one', async () => {
  await query(`INSERT INTO idempotency_key (client, actor, key, input_hash, created_at)
    SELECT 'acme', 'user:u', n::text, '', now() - CASE WHEN n <= 2500 THEN interval '8 days' ELSE interval '6 days' END
    FROM generate_series(1, 2510) AS n`)
  expect(await purge({ db, log: silentLog, purges }, never)).toBe(2_500)
  expect(await query('SELECT count(*)::int AS left FROM idempotency_key')).toEqual([{ left: 10 }])
})

test('deletes sessions that nobody can use again, with their tokens, and spent tokens that have expired', async () => {
  await query(`INSERT INTO "user" (id, client, name, email_cipher, email_lookup, password_hash, created_at, updated_at)
    VALUES ('u', 'acme', 'Ada', '', '', '', now(), now())`)
  await query(`INSERT INTO session (id, client, user_id, created_at, last_used_at, ended_at) VALUES
    ('living', 'acme', 'u', now() - interval '99 days', now(), null),
    ('forgotten', 'acme', 'u', now() - interval '99 days', now() - interval '31 days', null),
    ('ended', 'acme', 'u', now() - interval '99 days', now(), now() - interval '31 days'),
    ('just ended', 'acme', 'u', now() - interval '99 days', now(), now())`)
  await query(`INSERT INTO refresh_token (hash, session_id, created_at, expires_at, spent_at)
    SELECT sha256((session || age)::bytea), session, now(), now() + interval '30 days' - age * interval '1 day', null
    FROM unnest(ARRAY['living', 'forgotten', 'ended']) AS session, unnest(ARRAY[0, 40]) AS age`)
  await purge({ db, log: silentLog, purges }, never)
  expect(await query('SELECT id FROM session ORDER BY id')).toEqual([{ id: 'just ended' }, { id: 'living' }])
  expect(await query('SELECT session_id, expires_at > now() AS good FROM refresh_token')).toEqual([
    { session_id: 'living', good: true },
  ])
})

test('one instance at a time: who comes second leaves it to the first', async () => {
  const inside = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow: Purge<Prisma.TransactionClient> = {
    what: 'slow',
    async deleteSome() {
      inside.resolve()
      await gate.promise
      return 1
    },
  }
  const first = purge({ db, log: silentLog, purges: [slow] }, never)
  await inside.promise
  expect(await purge({ db, log: silentLog, purges: [slow] }, never)).toBe(0)
  gate.resolve()
  expect(await first).toBe(1)
})

test('begins with the module; a failure is a line in the log; closing ends it', async () => {
  const warnings: string[] = []
  let times = 0
  const failing: Purge<Prisma.TransactionClient> = {
    what: 'failing',
    async deleteSome() {
      times += 1
      throw new Error('not now')
    },
  }
  const log = { ...silentLog, warn: (_fields: object, message: string) => void warnings.push(message) }
  const close = startPurging({ db, log, purges: [failing] })
  await eventually('it has failed', () => warnings.length === 1)
  await close()
  expect(times).toBe(1)
})
