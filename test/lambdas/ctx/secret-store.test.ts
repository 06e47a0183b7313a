import { randomBytes } from 'node:crypto'
import type { SealingKeys } from '../../../foundation/sealed-text.ts'
import { createRedaction } from '../../../lambdas/host/ctx/redaction.ts'
import { createSecretStore, type SecretStore } from '../../../lambdas/host/ctx/secret-store.ts'
import { openLambdasDatabase } from './lambdas-database.ts'

let database: Awaited<ReturnType<typeof openLambdasDatabase>>
let secrets: SecretStore
const key = randomBytes(32)
const storeWith = (...keys: SealingKeys) => createSecretStore(database.db, keys)
beforeAll(async () => {
  database = await openLambdasDatabase()
  secrets = storeWith(key)
})
afterAll(() => database?.close())

const secret = { name: 'API_KEY', value: 'hush-ünïcödé', setBy: 'key:1' }

test('only the plugin of its client reads it; people see its name', async () => {
  await secrets.set('acme', secret)
  expect(await secrets.read('acme', 'API_KEY')).toBe('hush-ünïcödé')
  expect(await secrets.read('globex', 'API_KEY')).toBeNull()
  expect(await secrets.names('acme')).toEqual([{ name: 'API_KEY', setAt: expect.any(Date), setBy: 'key:1' }])
  expect(await secrets.names('globex')).toEqual([])
  expect(await secrets.delete('globex', 'API_KEY')).toBe(false)
  await secrets.set('acme', { ...secret, value: 'another' })
  expect(await secrets.read('acme', 'API_KEY')).toBe('another')
  expect(await secrets.delete('acme', 'API_KEY')).toBe(true)
  expect(await secrets.read('acme', 'API_KEY')).toBeNull()
})

test('what is no name is the name of none', async () => {
  for (const name of ['', 'a b', 'a\0', 'a\ud800', 'x'.repeat(101)]) {
    expect(await secrets.read('acme', name)).toBeNull()
    expect(await secrets.delete('acme', name)).toBe(false)
  }
})

test('the database holds nothing of it, and rows that were swapped, changed or under another key do not open', async () => {
  await secrets.set('acme', secret)
  await secrets.set('globex', { ...secret, value: 'theirs' })
  const rows = await database.db.pluginSecret.findMany()
  expect(rows.map(({ sealed }) => Buffer.from(sealed).toString('latin1')).join()).not.toMatch(/hush|theirs/)
  await expect(storeWith(randomBytes(32)).read('acme', 'API_KEY')).rejects.toMatchObject({
    code: 'SECRET_UNREADABLE',
  })
  const theirs = rows.find(({ client }) => client === 'globex')
  await database.db.pluginSecret.update({
    where: { client_name: { client: 'acme', name: 'API_KEY' } },
    data: { sealed: theirs?.sealed ?? Buffer.of() },
  })
  await expect(secrets.read('acme', 'API_KEY')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
})

test('after a change of keys everything opens as before; sealed anew, it needs the old key no more', async () => {
  await database.db.pluginSecret.deleteMany()
  const [old, next] = [randomBytes(32), randomBytes(32)]
  await storeWith(old).set('acme', { ...secret, name: 'BEFORE' })
  await storeWith(next).set('acme', { ...secret, name: 'AFTER' })
  const both = storeWith(next, old)
  expect(await both.read('acme', 'BEFORE')).toBe(secret.value)
  await expect(storeWith(next).read('acme', 'BEFORE')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })

  expect(await storeWith(old, next).reseal()).toEqual({ resealed: 1, unreadable: 0 })
  const resealed = await Promise.all([both.reseal(), both.reseal()])
  expect(resealed).toContainEqual({ resealed: 2, unreadable: 0 })
  for (const name of ['BEFORE', 'AFTER']) expect(await storeWith(next).read('acme', name)).toBe(secret.value)
  expect(await both.names('acme')).toEqual([
    expect.objectContaining({ name: 'AFTER', setBy: 'key:1' }),
    expect.objectContaining({ name: 'BEFORE', setBy: 'key:1' }),
  ])
  expect(await storeWith(old).reseal()).toEqual({ resealed: 0, unreadable: 2 })
  expect(await storeWith(next).reseal()).toEqual({ resealed: 0, unreadable: 0 })
})

test.each([
  ['no name', { name: '' }],
  ['a long name', { name: 'x'.repeat(101) }],
  ['an odd name', { name: 'a b' }],
  ['no value', { value: '' }],
  ['a long value', { value: 'hush'.repeat(3000) }],
  ['half a character', { value: 'hush\ud800' }],
])('%s is refused, without showing the value', async (_what, odd) => {
  const refused = await secrets.set('acme', { ...secret, ...odd }).catch((error) => error)
  expect(refused.code).toBe('BAD_USER_INPUT')
  expect(refused.message).not.toContain('hush')
})

test('a client has a hundred of them', async () => {
  await database.db.$executeRaw`
    INSERT INTO plugin_secret (client, name, sealed, set_at, set_by)
    SELECT 'full', 'S' || n, '', now(), 'key:1' FROM generate_series(1, 100) AS n`
  await expect(secrets.set('full', secret)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  await secrets.set('full', { ...secret, name: 'S1' })
})

test('what was given to a plugin is left out of texts about it, in every spelling', () => {
  const { remember, redact } = createRedaction()
  remember('acme', 'ONE', 'pa"ss\nword')
  remember('acme', 'LONGER', 'pa"ss\nword2')
  remember('acme', 'SHORT', 'abc')
  const text = 'pa"ss\nword pa"ss\nword2 {"x":"pa\\"ss\\nword"} abc'
  expect(redact('acme', text)).toBe('[secret ONE] [secret LONGER] {"x":"[secret ONE]"} abc')
  expect(redact('globex', text)).toBe(text)
})
