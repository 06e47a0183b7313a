import { createApiKey, revokeApiKey } from '../../../gateway/registry/api-keys.ts'
import { createClient } from '../../../gateway/registry/create-client.ts'
import { eventually } from '../../support/eventually.ts'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'

describe('keys', () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await startPlatform()
  })
  afterAll(() => platform.close())

  test('a key made elsewhere holds, and a revocation ends it, each within a second', async () => {
    const { gateway } = platform
    const { id, secret } = await createApiKey(gateway.db, { kind: 'SECRET', client: 'acme', name: 'Short' })
    const status = async () => (await gateway.query('{ caller }', { 'x-api-key': secret })).status
    await eventually('the key is accepted', async () => (await status()) === 200, 1_000)
    await revokeApiKey(gateway.db, id)
    await eventually('the key is refused', async () => (await status()) === 401, 1_000)
  })

  test('a revocation holds within a second after the listening connection was cut', async () => {
    const { gateway } = platform
    const { id, secret } = await createApiKey(gateway.db, { kind: 'SECRET', client: 'acme', name: 'Short' })
    const status = async () => (await gateway.query('{ caller }', { 'x-api-key': secret })).status
    await eventually('the key is accepted', async () => (await status()) === 200, 1_000)
    const listeners = () => gateway.db.$queryRaw<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity
      WHERE application_name = 'trellis-registry' AND datname = current_database()`
    const before = (await listeners()).map(({ pid }) => pid)
    expect(before).toHaveLength(1)
    await gateway.db.$queryRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'trellis-registry' AND datname = current_database()`
    await eventually('it listens again', async () =>
      (await listeners()).some(({ pid }) => !before.includes(pid)),
    )
    await revokeApiKey(gateway.db, id)
    await eventually('the key is refused', async () => (await status()) === 401, 1_000)
  })

  test('only the hash of a key is stored, behind a prefix that scanners find', async () => {
    const { db } = platform.gateway
    const { id, secret } = await createApiKey(db, { kind: 'OPERATOR', name: 'Ops' })
    expect(secret).toMatch(/^trellis_op_[\w-]{43}$/)
    expect(JSON.stringify(await db.apiKey.findUnique({ where: { id } }))).not.toContain(secret.slice(11))
  })

  test.each(['A', 'a', '9a', 'a b', '-a', 'a-', '', 'a'.repeat(41), 'ü1'])(
    'the slug %j is refused',
    async (slug) => {
      await expect(createClient(platform.gateway.db, { slug, name: 'X', modules: [] })).rejects.toMatchObject(
        {
          code: 'BAD_USER_INPUT',
        },
      )
    },
  )

  test('a slug is given once', async () => {
    await expect(
      createClient(platform.gateway.db, { slug: 'acme', name: 'Other', modules: [] }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
