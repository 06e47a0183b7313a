import { eventually } from '../../support/eventually.ts'
import { type Replica, startReplica } from '../../support/second-gateway.ts'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'

type KeyAnswer = { apiKey: { id: string; lastUsedAt: string | null }; secret: string }

const create = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  secret apiKey { id name kind tags createdAt expiresAt lastUsedAt revokedAt } } }`
const revoke = 'mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }'
const list = `query ($first: Int, $after: String) { apiKeys(first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor } edges { node { id name kind lastUsedAt revokedAt } } } }`

let platform: Platform
let replica: Replica
beforeAll(async () => {
  platform = await startPlatform()
  replica = await startReplica(platform.gateway)
})
afterAll(async () => {
  await replica.close()
  await platform.close()
})

const ask = (query: string, variables: object = {}, key = platform.keys.sk) =>
  platform.gateway.query(query, { 'x-api-key': key }, variables)
const codeOf = async (query: string, variables: object = {}, key = platform.keys.sk) =>
  (await ask(query, variables, key)).errors?.[0]?.extensions.code
async function made(input: object, key = platform.keys.sk): Promise<KeyAnswer> {
  const { data, errors } = await ask(create, { input }, key)
  expect(errors).toBeUndefined()
  return data?.createApiKey as KeyAnswer
}

test('a key that is made holds on every replica within a second, and so does its end', async () => {
  const { secret, apiKey } = await made({ name: 'CI', kind: 'SECRET' })
  expect(secret).toMatch(/^trellis_sk_[\w-]{43}$/)
  const there = async () => (await replica.query('{ caller }', { 'x-api-key': secret })).status
  await eventually('it is taken there', async () => (await there()) === 200, 1_000)
  expect((await ask('{ caller }', {}, secret)).status).toBe(200)
  expect((await ask(revoke, { id: apiKey.id })).data?.revokeApiKey).toMatchObject({
    revokedAt: expect.any(String),
  })
  expect((await ask('{ caller }', {}, secret)).status).toBe(401)
  await eventually('it is refused there', async () => (await there()) === 401, 1_000)
  expect(await codeOf(create, { input: { name: 'X', kind: 'SECRET' } }, secret)).toBe('UNAUTHENTICATED')
})

test('only administrators and the client’s server, and only of their own client', async () => {
  const { gateway, tokenOf, keys } = platform
  const bearer = async (roles: readonly ('MEMBER' | 'EDITOR' | 'ADMIN')[]) => ({
    authorization: `Bearer ${await tokenOf('acme', [...roles])}`,
  })
  const code = async (headers: Record<string, string>) =>
    (await gateway.query('{ apiKeys { totalCount } }', headers)).errors?.[0]?.extensions.code
  for (const roles of [['MEMBER'], ['EDITOR']] as const)
    expect(await code(await bearer(roles))).toBe('FORBIDDEN')
  expect(await code(await bearer(['ADMIN']))).toBeUndefined()
  expect(await codeOf(list, {}, keys.pk)).toBe('FORBIDDEN')
  for (const key of [keys.deploy, keys.operator, keys.partner])
    expect((await ask(list, {}, key)).data?.apiKeys).toBeUndefined()
  const { apiKey } = await made({ name: 'Mine', kind: 'DEPLOY' })
  expect(await codeOf(revoke, { id: apiKey.id }, keys.globexSk)).toBe('NOT_FOUND')
  expect(await codeOf(revoke, { id: 'nothing' }, keys.globexSk)).toBe('NOT_FOUND')
  const foreign = await ask('{ apiKeys(first: 100) { edges { node { id } } } }', {}, keys.globexSk)
  expect(JSON.stringify(foreign.data)).not.toContain(apiKey.id)
})

test('the same idempotency key gives the same key and secret, on any replica; another input is refused', async () => {
  const input = { name: 'Shop', kind: 'PARTNER', tags: ['public'], idempotencyKey: 'once' }
  const [first, second] = await Promise.all([made(input), made(input)])
  const { data } = await replica.query(create, { 'x-api-key': platform.keys.sk }, { input })
  expect(second).toEqual(first)
  expect(data?.createApiKey).toEqual(first)
  expect(await codeOf(create, { input: { ...input, name: 'Other' } })).toBe('IDEMPOTENCY_CONFLICT')
  const other = await made(input, platform.keys.globexSk)
  expect(other.secret).not.toBe(first.secret)
})

test.each([
  { name: ' ', kind: 'SECRET' },
  { name: 'x'.repeat(201), kind: 'SECRET' },
  { name: 'x', kind: 'SECRET', tags: ['public'] },
  { name: 'x', kind: 'PARTNER', tags: ['a b'] },
  { name: 'x', kind: 'DEPLOY', expiresAt: '2020-01-01T00:00:00Z' },
  { name: 'x', kind: 'DEPLOY', idempotencyKey: '' },
])('%j is refused', async (input) => {
  expect(await codeOf(create, { input })).toBe('BAD_USER_INPUT')
})

test('an operator’s key cannot be asked for', async () => {
  expect((await ask(create, { input: { name: 'x', kind: 'OPERATOR' } })).status).toBe(400)
})

test('a text that no database takes is refused', async () => {
  const { errors } = await ask('mutation { revokeApiKey(id: "a\\u0000") { id } }')
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT'])
})

test('keys are listed page by page, without their secrets; what is on record has none either', async () => {
  const { secret } = await made({ name: 'Listed', kind: 'PUBLISHABLE' })
  const first = await ask(list, { first: 1 })
  expect(first.data?.apiKeys).toMatchObject({
    pageInfo: { hasNextPage: true },
    edges: [{ node: { name: 'Listed', revokedAt: null } }],
  })
  const changes = await ask(
    '{ changes(first: 100) { edges { node { before after } } } }',
    {},
    platform.keys.operator,
  )
  const { db } = platform.gateway
  const events = await db.eventLogRow.findMany()
  const texts = [JSON.stringify(changes), JSON.stringify(events.map(({ data }) => data))]
  const hashes = (await db.apiKey.findMany()).map(({ hash }) => hash)
  for (const text of texts) for (const hidden of [secret, ...hashes]) expect(text).not.toContain(hidden)
})

test('flags are as the viewer has them: always the same ones, about as many as asked', async () => {
  const { gateway, issuer, keys } = platform
  const set = `mutation ($name: String!, $client: String, $enabled: Boolean!, $percent: Int) {
    setFlag(name: $name, client: $client, enabled: $enabled, percent: $percent) { name client enabled percent } }`
  for (const flag of [
    { name: 'half', enabled: true, percent: 50 },
    { name: 'new-checkout', enabled: false },
    { name: 'new-checkout', client: 'acme', enabled: true },
  ]) {
    expect((await ask(set, flag, keys.operator)).data?.setFlag).toMatchObject(flag)
  }
  const flagsOf = async (headers: Record<string, string>) => {
    const { data } = await gateway.query('{ flags { name enabled } }', headers)
    const states = (data?.flags ?? []) as { name: string; enabled: boolean }[]
    return new Map(states.map((f) => [f.name, f.enabled]))
  }
  expect((await flagsOf({ 'x-api-key': keys.pk })).get('new-checkout')).toBe(true)
  expect((await flagsOf({ 'x-api-key': keys.globexSk })).get('new-checkout')).toBe(false)
  let on = 0
  for (let user = 0; user < 60; user += 1) {
    const authorization = `Bearer ${await issuer.sign({ sub: `u${user}` })}`
    const isOn = (await flagsOf({ authorization })).get('half')
    expect((await flagsOf({ authorization })).get('half')).toBe(isOn)
    if (isOn) on += 1
  }
  expect(on).toBeGreaterThan(15)
  expect(on).toBeLessThan(45)
  expect(await codeOf(set, { name: 'x', enabled: true }, keys.deploy)).toBe('FORBIDDEN')
  expect(await codeOf(set, { name: 'x', enabled: true, percent: 101 }, keys.operator)).toBe('BAD_USER_INPUT')
  expect(await codeOf(set, { name: 'x', enabled: true, client: 'nobody' }, keys.operator)).toBe('NOT_FOUND')
})
