import { type Client, createClient, type ExecutionResult } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Env, RunningService } from '../../foundation/service.ts'
import type { ClientViewer, Role } from '../../foundation/viewer.ts'
import type { Owner } from '../../prisma/owners.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { type GatewayStandIn, startGatewayStandIn } from './gateway-stand-in.ts'

export type Answer = {
  data?: Record<string, unknown> | null
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[]
}

/** A running module, called over the wire as the gateway calls it. */
export type ModuleUnderTest = {
  gateway: GatewayStandIn
  service: RunningService
  databaseUrl: string
  env: Env
  /** POSTs an operation for a viewer. */
  ask(viewer: ClientViewer, query: string, variables?: Record<string, unknown>): Promise<Answer>
  /** The same with whatever stands in for a token; undefined: none. */
  post(
    token: string | undefined,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<{ status: number; answer: Answer }>
  /** Subscribes on a socket that all subscriptions of this module share. */
  subscribe(
    token: string | undefined,
    query: string,
    variables?: Record<string, unknown>,
  ): AsyncGenerator<ExecutionResult>
  close(): Promise<void>
}

/** Starts a module's real `start` on databases of its own; `own` is closed with it. */
export async function startModuleUnderTest(
  name: Owner,
  start: (env: Env) => Promise<RunningService>,
  settings: Env = {},
  own: Promise<TestDatabase> = createTestDatabase(name),
): Promise<ModuleUnderTest> {
  const [database, bus] = await Promise.all([own, createTestDatabase('bus')])
  const gateway = await startGatewayStandIn()
  const env = {
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    TRELLIS_BUS_URL: bus.url,
    TRELLIS_GATEWAY_URL: gateway.url,
    TRELLIS_MODULE_CREDENTIAL: `credential-of-${name}-for-tests`,
    ...settings,
  }
  const service = await start(env)
  const sockets: Client = createClient({
    url: `${service.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  })

  const post: ModuleUnderTest['post'] = async (token, query, variables) => {
    const response = await fetch(`${service.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    })
    return { status: response.status, answer: (await response.json()) as Answer }
  }
  return {
    gateway,
    service,
    databaseUrl: database.url,
    env,
    post,
    ask: async (viewer, query, variables) =>
      (await post(await gateway.token(viewer, name), query, variables)).answer,
    subscribe: (token, query, variables) =>
      sockets.iterate({ query, variables, extensions: { token } }) as AsyncGenerator<ExecutionResult>,
    async close() {
      await sockets.dispose()
      await service.close()
      await gateway.close()
      await Promise.all([database.drop(), bus.drop()])
    },
  }
}

type UserViewer = Extract<ClientViewer, { kind: 'USER' }>

/** One viewer of every kind a module may meet, all of one client. */
export function viewersOf(client: string) {
  const user = (userId: string, ...roles: Role[]): UserViewer => ({
    kind: 'USER',
    client,
    userId,
    sessionId: `session of ${userId}`,
    roles,
  })
  return {
    user,
    frontend: { kind: 'FRONTEND', client, keyId: 'publishable' },
    member: user('a-member', 'MEMBER'),
    editor: user('an-editor', 'EDITOR'),
    admin: user('an-admin', 'ADMIN'),
    server: { kind: 'SERVER', client, keyId: 'secret' },
    partner: { kind: 'PARTNER', client, keyId: 'partner', tags: ['public'] },
    deployer: { kind: 'DEPLOYER', client, keyId: 'deploy' },
  } satisfies Record<string, ClientViewer | typeof user>
}

/** The codes of an answer's errors, in order. */
export function codesOf({ errors = [] }: Pick<Answer, 'errors'>): (string | undefined)[] {
  return errors.map((error) => error.extensions?.code)
}
