import type { Role } from '../../foundation/viewer.ts'
import { createApiKey } from '../../gateway/registry/api-keys.ts'
import { createClient } from '../../gateway/registry/create-client.ts'
import { createTokenIssuer, type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts'
import { startTestSubgraph, type TestSubgraph } from './test-subgraph.ts'

type Context = { claims: { viewer: { kind: string; userId?: string; client: string } } }

export const usersSdl = `
  type Query { me: User  caller: String }
  type User @key(fields: "id") { id: ID!  name: String }
`
export const usersResolvers = {
  Query: {
    me: (_root: unknown, _arguments: unknown, { claims }: Context) =>
      claims.viewer.userId ? { id: claims.viewer.userId } : null,
    caller: (_root: unknown, _arguments: unknown, { claims }: Context) =>
      `${claims.viewer.kind} of ${claims.viewer.client}`,
  },
  User: { name: ({ id }: { id: string }) => `Name of ${id}` },
}

export const dataSdl = `
  type Query { record(id: ID!): Record  waits: String  fails: String }
  type Mutation { touch: Record }
  type Subscription { recordChanged: Record }
  type Record @key(fields: "id") { id: ID!  createdBy: User }
  type User @key(fields: "id", resolvable: false) { id: ID! }
`

/** Lets a test decide when `Query.waits` answers, and when `Subscription.recordChanged` has an event. */
export type DataControl = {
  waiting: PromiseWithResolvers<void>
  release: PromiseWithResolvers<string>
  subscribed: PromiseWithResolvers<void>
  emit(id: string): void
}

export function createDataControl(): DataControl & { resolvers: object } {
  const control = { waiting: Promise.withResolvers<void>(), release: Promise.withResolvers<string>() }
  const subscribed = Promise.withResolvers<void>()
  let next = Promise.withResolvers<string>()
  async function* events() {
    subscribed.resolve()
    for (;;) {
      const id = await next.promise
      next = Promise.withResolvers<string>()
      yield { recordChanged: { id, createdBy: { id: 'u1' } } }
    }
  }
  const resolvers = {
    Query: {
      record: (_root: unknown, { id }: { id: string }) => ({ id, createdBy: { id: 'u1' } }),
      waits: () => {
        control.waiting.resolve()
        return control.release.promise
      },
      fails: () => {
        throw new Error('the password of the database is hunter2')
      },
    },
    Mutation: { touch: () => ({ id: 'r1', createdBy: { id: 'u1' } }) },
    Subscription: { recordChanged: { subscribe: events } },
  }
  return { ...control, subscribed, emit: (id) => next.resolve(id), resolvers }
}

export type Platform = {
  gateway: GatewayUnderTest
  users: TestSubgraph
  data: TestSubgraph
  dataControl: DataControl
  issuer: Awaited<ReturnType<typeof createTokenIssuer>>
  keys: Readonly<
    Record<'pk' | 'sk' | 'partner' | 'deploy' | 'operator' | 'globexSk' | 'globexDeploy', string>
  >
  tokenOf(client: string, roles?: readonly Role[]): Promise<string>
  /** Once, however often it is asked. */
  close(): Promise<void>
}

/** A gateway with the clients acme (users, data) and globex (users), keys of every kind, both modules registered. */
export async function startPlatform(
  options: Parameters<typeof startGatewayUnderTest>[0] = {},
): Promise<Platform> {
  const gateway = await startGatewayUnderTest(options)
  const { db } = gateway
  await createClient(db, { slug: 'acme', name: 'Acme', modules: ['users', 'data'] })
  await createClient(db, { slug: 'globex', name: 'Globex', modules: ['users'] })
  const key = async (kind: 'PUBLISHABLE' | 'SECRET' | 'PARTNER' | 'DEPLOY', client: string) =>
    (await createApiKey(db, { kind, client, name: 'Test' })).secret
  const keys = {
    pk: await key('PUBLISHABLE', 'acme'),
    sk: await key('SECRET', 'acme'),
    partner: await key('PARTNER', 'acme'),
    deploy: await key('DEPLOY', 'acme'),
    operator: (await createApiKey(db, { kind: 'OPERATOR', name: 'Test' })).secret,
    globexSk: await key('SECRET', 'globex'),
    globexDeploy: await key('DEPLOY', 'globex'),
  }
  const issuer = await createTokenIssuer()
  const dataControl = createDataControl()
  const users = await startUsers(gateway, issuer)
  const data = await startData(gateway, dataControl.resolvers)
  for (const subgraph of [users, data]) await expectOk(await subgraph.register())
  const close = async () => {
    await Promise.all([users.close(), data.close()])
    await gateway.close()
  }
  let closed: Promise<void> | undefined
  return {
    gateway,
    users,
    data,
    dataControl,
    issuer,
    keys,
    tokenOf: (client, roles = ['MEMBER']) => issuer.sign({ client, roles: [...roles] }),
    close: () => (closed ??= close()),
  }
}

export function startUsers(
  { url, credentials }: GatewayUnderTest,
  { jwk }: Awaited<ReturnType<typeof createTokenIssuer>>,
): Promise<TestSubgraph> {
  const credential = credentials.get('users') ?? ''
  return startTestSubgraph({
    name: 'users',
    sdl: usersSdl,
    resolvers: usersResolvers,
    gatewayUrl: url,
    credential,
    tokenKeys: [jwk],
  })
}

export function startData({ url, credentials }: GatewayUnderTest, resolvers: object): Promise<TestSubgraph> {
  const credential = credentials.get('data') ?? ''
  return startTestSubgraph({
    name: 'data',
    sdl: dataSdl,
    resolvers: { ...resolvers },
    gatewayUrl: url,
    credential,
  })
}

export async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
}
