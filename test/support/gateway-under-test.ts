import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { silentLog } from '../../foundation/log.ts'
import { createGateway, type GatewayOptions } from '../../gateway/create-gateway.ts'
import { openPlatformDatabase, type PlatformDatabase } from '../../gateway/registry/platform-database.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { planners } from './planners.ts'

export type GatewayUnderTest = {
  url: string
  databaseUrl: string
  db: PlatformDatabase
  credentials: ReadonlyMap<string, string>
  /** One operation over HTTP. */
  query(query: string, headers?: Record<string, string>, variables?: object): Promise<Answer>
  close(): Promise<void>
}

export type Answer = {
  status: number
  data?: Record<string, unknown> | null
  errors?: {
    message: string
    path?: (string | number)[]
    extensions: { code: string; [key: string]: unknown }
  }[]
}

export const moduleCredentials = new Map(
  ['users', 'data', 'analytics', 'lambdas'].map((name) => [name, `credential-of-${name}-0123456789`]),
)

export type GatewayUnderTestOptions = Partial<Omit<GatewayOptions, 'databaseUrl' | 'moduleCredentials'>> & {
  /** @default one of its own */
  database?: TestDatabase
}

/** A gateway on a port and a platform database of its own. */
export async function startGatewayUnderTest({
  database: given,
  ...options
}: GatewayUnderTestOptions = {}): Promise<GatewayUnderTest> {
  const database = given ?? (await createTestDatabase('platform'))
  const gateway = await createGateway({
    databaseUrl: database.url,
    moduleCredentials,
    planners,
    log: silentLog,
    ...options,
  })
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 })
  const db = openPlatformDatabase(database.url)
  return {
    url,
    databaseUrl: database.url,
    db,
    credentials: moduleCredentials,
    query: (query, headers = {}, variables) => postQuery(url, { query, variables }, headers),
    async close() {
      await gateway.close()
      await db.$disconnect()
      await database.drop()
    },
  }
}

export async function postQuery(url: string, body: object, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

/** Signs access tokens as the users module does. */
export async function createTokenIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const kid = crypto.randomUUID()
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }
  const sign = (claims: JWTPayload) =>
    new SignJWT({
      iss: 'trellis-users',
      aud: 'trellis',
      sub: 'u1',
      sid: 's1',
      client: 'acme',
      roles: ['MEMBER'],
      exp: Math.floor(Date.now() / 1000) + 900,
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(privateKey)
  return { jwk, kid, publicKey, sign }
}
