import { randomBytes } from 'node:crypto'
import type { Close } from '../../foundation/closing.ts'
import type { Env } from '../../foundation/service.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import { type HostStartOptions, start } from '../../lambdas/host/main.ts'
import type { PluginBuild } from '../../schema/plugin-build.ts'
import type { PluginOfClient } from '../../schema/plugin-registry.ts'
import { createTestDatabase } from '../support/database.ts'
import { type AnswerGraphQL, type GatewayStandIn, startGatewayStandIn } from '../support/gateway-stand-in.ts'
import type { Answer } from '../support/graphql.ts'

export type LambdaHostUnderTest = {
  url: string
  gateway: GatewayStandIn
  /** What it was started with, for another copy. */
  env: Env
  /** The viewer's request to the host itself. */
  send<Body>(path: string, body: object, viewer: Viewer): Promise<Body>
  /** Builds a plugin and has the registry serve it. */
  activate(client: string, plugin: string, rest?: Partial<PluginOfClient>): Promise<void>
  build(client: string, files: Record<string, string>, viewer?: Viewer): Promise<PluginBuild>
  /** Builds a plugin that has to be good, and gives what asks it. */
  deploy(client: string, plugin: string): Promise<Ask>
  /** The same for what asks its rules. */
  rules(client: string, plugin: string): Promise<(calls: readonly object[]) => Promise<object>>
  close: Close
}

/** One query to a built plugin, as the gateway would send it. */
export type Ask = (query: string, variables?: object) => Promise<Answer>

export const memberOf = (client: string): Viewer => ({
  kind: 'USER',
  client,
  userId: 'u1',
  sessionId: 's1',
  roles: ['MEMBER'],
})
let releases = 0
export const deployerOf = (client: string): Viewer => ({ kind: 'DEPLOYER', client, keyId: 'k1' })

/** The real host with its real isolates and database; the gateway's edge is a stand-in. */
export async function startLambdaHost(
  answerGraphQL?: AnswerGraphQL,
  { env: more, ...options }: HostStartOptions & { env?: Env } = {},
): Promise<LambdaHostUnderTest> {
  const database = await createTestDatabase('lambdas')
  const gateway = await startGatewayStandIn(3600, answerGraphQL)
  const env: Env = {
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    TRELLIS_GATEWAY_URL: gateway.url,
    TRELLIS_MODULE_CREDENTIAL: 'a credential of the test',
    TRELLIS_SECRETS_KEY: randomBytes(32).toString('base64'),
    ...more,
  }
  const host = await start(env, options)
  const send = async <Body>(path: string, body: object, viewer: Viewer): Promise<Body> => {
    const token = await gateway.token(viewer, 'lambdas')
    const response = await fetch(host.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    return response.json() as Promise<Body>
  }
  const build: LambdaHostUnderTest['build'] = (client, files, viewer = deployerOf(client)) =>
    send(
      `/clients/${client}/builds`,
      { files: Object.entries(files).map(([path, content]) => ({ path, content })) },
      viewer,
    )
  const buildPath = async (client: string, plugin: string) => {
    const built = await build(client, { 'plugin.ts': plugin })
    if (!built.ok) throw new Error(JSON.stringify(built.errors))
    return `/clients/${client}/builds/${built.digest}`
  }

  return {
    url: host.url,
    gateway,
    env,
    send,
    build,
    async activate(client, plugin, rest) {
      const built = await build(client, { 'plugin.ts': plugin })
      if (!built.ok) throw new Error(JSON.stringify(built.errors))
      const { digest, handlers } = built
      await gateway.setPlugin(client, { active: { number: ++releases, digest, handlers }, ...rest })
    },
    async deploy(client, plugin) {
      const path = `${await buildPath(client, plugin)}/graphql`
      return (query, variables = {}) => send(path, { query, variables }, memberOf(client))
    },
    async rules(client, plugin) {
      const path = `${await buildPath(client, plugin)}/rules`
      return (calls) => send(path, { calls }, memberOf(client))
    },
    async close() {
      await host.close()
      await gateway.close()
      await database.drop()
    },
  }
}

/** A plugin of one root field, `Query.answer: String`, with this body. `ctx` and `args` are in reach. */
export function answering(body: string): string {
  return pluginWith({
    typeDefs: 'type Query { answer(n: Int): String }',
    resolvers: `Query: { answer: async (_root, args, ctx) => { ${body} } }`,
  })
}

export function pluginWith({
  typeDefs,
  resolvers,
  rest = '',
}: {
  typeDefs: string
  resolvers: string
  rest?: string
}) {
  return `import { definePlugin, gql } from '@trellis/sdk/plugin'
export default definePlugin({
  typeDefs: gql\`${typeDefs}\`,
  resolvers: { ${resolvers} },
  ${rest}
})`
}

/** A plugin with one handler. `event` and `ctx` are in reach, and `saw`, which asks the graph what it is given. */
export function handling(body: string, type = 'data.record.created'): string {
  return pluginWith({
    typeDefs: 'type Query { unused: String }',
    resolvers: 'Query: { unused: () => null }',
    rest: `on: { '${type}': async (event, ctx) => {
      const saw = (what) => ctx.asPlugin.graphql(String(what))
      ${body}
    } },`,
  })
}
