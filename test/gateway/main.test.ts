import { ConfigError } from '../../foundation/config.ts'
import { start } from '../../gateway/main.ts'
import { openPlatformDatabase } from '../../gateway/registry/platform-database.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

describe('starting the gateway', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase('platform')
  })
  afterAll(() => database.drop())

  const env = (changes: Record<string, string | undefined> = {}) => ({
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    TRELLIS_MODULE_CREDENTIALS: 'users=0123456789abcdef,data=fedcba9876543210',
    ...changes,
  })

  test.each([
    ['no credentials', { TRELLIS_MODULE_CREDENTIALS: undefined }, 'TRELLIS_MODULE_CREDENTIALS'],
    ['a list that is none', { TRELLIS_MODULE_CREDENTIALS: 'users' }, 'users=<secret>'],
    ['a module named twice', { TRELLIS_MODULE_CREDENTIALS: 'a=0123456789abcdef,a=0123456789abcdef' }, 'once'],
    ['a module with the name of plugins', { TRELLIS_MODULE_CREDENTIALS: 'plugin=0123456789abcdef' }, 'once'],
    ['a credential that is too short', { TRELLIS_MODULE_CREDENTIALS: 'users=short' }, 'shorter than 16'],
    ['a port that is none', { PORT: '65536' }, 'PORT'],
    ['a setting that does not exist', { TRELLIS_CREDENTIALS: 'x' }, 'TRELLIS_CREDENTIALS'],
  ])('is refused with %s', async (_what, changes, named) => {
    const failure = await start(env(changes)).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain(named)
    expect(String(failure)).not.toContain('0123456789abcdef')
  })

  test('on a taken port it fails, and leaves nothing open', async () => {
    const first = await start(env())
    await expect(start(env({ PORT: new URL(first.url).port }))).rejects.toThrow('EADDRINUSE')
    expect((await fetch(`${first.url}/health/ready`)).status).toBe(200)
    await first.close()
    await first.close() // Twice is once.
  })

  test('instances that died with their leases are not called after a start', async () => {
    const db = openPlatformDatabase(database.url)
    await db.module.create({ data: { name: 'users', version: '1', sdl: 'type Query { a: Int }' } })
    const leaseExpiresAt = new Date(Date.now() + 60_000)
    const dead = { moduleName: 'users', version: '1', sdlHash: '', leaseExpiresAt }
    // Port 9 is discard: nobody listens.
    await db.moduleInstance.create({ data: { ...dead, id: 'dead', url: 'http://127.0.0.1:9' } })
    const gateway = await start(env())
    const instance = await db.moduleInstance.findUniqueOrThrow({ where: { id: 'dead' } })
    expect(instance.leaseExpiresAt.getTime()).toBeLessThanOrEqual(Date.now())
    await gateway.close()
    await db.$disconnect()
  })
})
