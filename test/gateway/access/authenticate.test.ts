import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose'
import { silentLog } from '../../../foundation/log.ts'
import { createApiKey } from '../../../gateway/registry/api-keys.ts'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'

describe('who is calling', () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await startPlatform()
  })
  afterAll(() => platform.close())

  const ask = (headers: Record<string, string>) => platform.gateway.query('{ caller me { id } }', headers)
  const code = async (headers: Record<string, string>) => {
    const { status, errors } = await ask(headers)
    return `${status} ${errors?.[0]?.extensions.code}`
  }
  const bearer = async (token: string | Promise<string>) => ({ authorization: `Bearer ${await token}` })

  test('nobody sees nothing, the schema included', async () => {
    expect(await code({})).toBe('401 UNAUTHENTICATED')
    const { data } = await platform.gateway.query('{ __schema { queryType { name } } }')
    expect(data).toBeUndefined()
  })

  test('each kind of credential is the viewer it should be, of its own client', async () => {
    const { keys, tokenOf } = platform
    expect((await ask({ 'x-api-key': keys.pk })).data).toEqual({ caller: 'FRONTEND of acme', me: null })
    expect((await ask({ 'x-api-key': keys.sk })).data).toEqual({ caller: 'SERVER of acme', me: null })
    expect((await ask({ 'x-api-key': keys.globexSk })).data).toEqual({ caller: 'SERVER of globex', me: null })
    expect((await ask(await bearer(tokenOf('acme')))).data).toEqual({
      caller: 'USER of acme',
      me: { id: 'u1' },
    })
    expect(platform.users.callers.at(-1)?.viewer).toEqual({
      kind: 'USER',
      client: 'acme',
      userId: 'u1',
      sessionId: 's1',
      roles: ['MEMBER'],
    })
  })

  test('a person counts rather than the publishable or secret key sent along', async () => {
    const token = await bearer(platform.tokenOf('acme'))
    for (const key of [platform.keys.pk, platform.keys.sk]) {
      expect((await ask({ ...token, 'x-api-key': key })).data).toMatchObject({ caller: 'USER of acme' })
    }
  })

  test('a key and a token of different clients are refused', async () => {
    const token = await bearer(platform.tokenOf('globex'))
    expect(await code({ ...token, 'x-api-key': platform.keys.pk })).toBe('401 CLIENT_MISMATCH')
    expect(await code({ ...token, 'x-api-key': platform.keys.operator })).toBe('401 CLIENT_MISMATCH')
  })

  test('one bad credential spoils a good one', async () => {
    const token = await bearer(platform.tokenOf('acme'))
    expect(await code({ ...token, 'x-api-key': 'trellis_sk_forged' })).toBe('401 UNAUTHENTICATED')
    expect(await code({ authorization: 'Bearer nonsense', 'x-api-key': platform.keys.sk })).toBe(
      '401 UNAUTHENTICATED',
    )
    expect(await code({ authorization: 'Basic YTpi', 'x-api-key': platform.keys.sk })).toBe(
      '401 UNAUTHENTICATED',
    )
  })

  test('a partner sees what its tags allow and nothing more, whoever is signed in beside the key', async () => {
    const token = await bearer(platform.tokenOf('acme', ['ADMIN']))
    expect(await code({ 'x-api-key': platform.keys.partner })).toBe('403 CONTRACT_EMPTY')
    expect(await code({ ...token, 'x-api-key': platform.keys.partner })).toBe('403 CONTRACT_EMPTY')
  })

  test('operators and deployers see the control schema and no data of a client', async () => {
    for (const key of [platform.keys.operator, platform.keys.deploy]) {
      expect(await code({ 'x-api-key': key })).toBe('400 GRAPHQL_VALIDATION_FAILED')
    }
  })

  test.each<[string, (platform: Platform) => Promise<string>]>([
    ['with alg none', async () => new UnsecuredJWT(claims()).encode()],
    [
      'signed with HS256 and the public key as the secret',
      async ({ issuer }) => {
        const secret = new TextEncoder().encode(await exportSPKI(issuer.publicKey))
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: issuer.kid }).sign(secret)
      },
    ],
    [
      'signed with HS256 and the published bytes as the secret',
      async ({ issuer }) => {
        const secret = new TextEncoder().encode(String(issuer.jwk.x))
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: issuer.kid }).sign(secret)
      },
    ],
    ['for another audience', ({ issuer }) => issuer.sign({ aud: 'someone-else' })],
    ['of another issuer', ({ issuer }) => issuer.sign({ iss: 'someone-else' })],
    [
      "that claims to be the gateway's",
      ({ issuer }) => issuer.sign({ iss: 'trellis-gateway', aud: 'gateway' }),
    ],
    ['that has expired', ({ issuer }) => issuer.sign({ exp: Math.floor(Date.now() / 1000) - 1 })],
    ['that never expires', ({ issuer }) => issuer.sign({ exp: undefined })],
    ['of a client that does not exist', ({ issuer }) => issuer.sign({ client: 'initech' })],
    ['without a client', ({ issuer }) => issuer.sign({ client: undefined })],
    ['with a role that is none', ({ issuer }) => issuer.sign({ roles: ['OPERATOR'] })],
    [
      'with its claims changed',
      async ({ issuer }) => {
        const [head, , signature] = (await issuer.sign({})).split('.')
        const body = Buffer.from(JSON.stringify({ ...claims(), roles: ['ADMIN'] })).toString('base64url')
        return `${head}.${body}.${signature}`
      },
    ],
  ])('a token %s is refused', async (_how, forge) => {
    expect(await code(await bearer(forge(platform)))).toBe('401 UNAUTHENTICATED')
  })

  test("a module's token does not open the gateway; a lambda's does, one step deeper", async () => {
    const { createGatewayTokenSigner } = await import('../../../foundation/gateway-token.ts')
    const { createSigningKeys } = await import('../../../foundation/signing-keys.ts')
    const { createSigningKeyStore } = await import('../../../gateway/registry/signing-key-store.ts')
    // Another replica: its key is in the same database.
    const keys = await createSigningKeys(createSigningKeyStore(platform.gateway.db, () => [], silentLog))
    const sign = createGatewayTokenSigner(keys)
    const viewer = { kind: 'USER', client: 'acme', userId: 'u1', sessionId: 's1', roles: ['MEMBER'] } as const
    expect(await code(await bearer(sign({ viewer, depth: 0 }, 'users')))).toBe('401 UNAUTHENTICATED')
    const { data } = await ask(await bearer(sign({ viewer, depth: 0 }, 'lambdas')))
    expect(data).toMatchObject({ caller: 'USER of acme' })
    expect(platform.users.callers.at(-1)?.depth).toBe(1)
    await ask(await bearer(sign({ viewer, depth: 2 }, 'lambdas')))
    expect(platform.users.callers.at(-1)?.depth).toBe(3)
    expect(await code(await bearer(sign({ viewer, depth: 3 }, 'lambdas')))).toBe('500 LAMBDA_TOO_DEEP')
    await keys.close()
  })

  test('an expired key is refused', async () => {
    const expiresAt = new Date(Date.now() - 1)
    const { secret } = await createApiKey(platform.gateway.db, {
      kind: 'SECRET',
      client: 'acme',
      name: 'Old',
      expiresAt,
    })
    expect(await code({ 'x-api-key': secret })).toBe('401 UNAUTHENTICATED')
  })
})

function claims() {
  const exp = Math.floor(Date.now() / 1000) + 900
  return {
    iss: 'trellis-users',
    aud: 'trellis',
    sub: 'u1',
    sid: 's1',
    client: 'acme',
    roles: ['MEMBER'],
    exp,
  }
}
