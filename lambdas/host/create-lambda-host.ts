import type { AddressInfo } from 'node:net'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { formatError } from 'graphql'
import { createRemoteJWKSet } from 'jose'
import { z } from 'zod'
import { readEventCatalogue } from '../../events/catalogue/event-catalogue.ts'
import type { Close } from '../../foundation/closing.ts'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import {
  type GatewayTokenClaims,
  lambdaAudience,
  verifyGatewayToken,
} from '../../foundation/gateway-token.ts'
import type { Log } from '../../foundation/log.ts'
import { registerInstance } from '../../foundation/register-instance.ts'
import type { RunningService } from '../../foundation/service.ts'
import type { PluginBuild, PluginFile } from '../../schema/plugin-build.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'
import { buildPlugin } from './build-plugin.ts'
import type { BuildStore } from './build-store.ts'
import { readCoreTypes } from './core-types.ts'
import { createAskGraph } from './ctx/ask-graph.ts'
import { createOpenCall } from './ctx/open-call.ts'
import { type IsolateProcess, openIsolateProcess } from './isolate-process.ts'
import { type PluginDescription, pluginDescriptionSchema } from './plugin-description.ts'
import { openPluginRegistry } from './plugin-registry.ts'
import { createPluginRunner, type RunPlugin } from './run-plugin.ts'

export type LambdaHostOptions = {
  host: string
  /** 0: any free one. */
  port: number
  /** Where the gateway reaches this instance. @default where it listens */
  publicUrl?: string | undefined
  gatewayUrl: string
  /** Proves the name `lambdas` to the gateway's registry. */
  credential: string
  log: Log
}

type Build = (client: string, files: readonly PluginFile[]) => Promise<PluginBuild>
type Verify = (request: FastifyRequest) => Promise<GatewayTokenClaims & { token: string }>

const version = '0.1.0'
const bodyLimitBytes = 4 * 1024 * 1024
const keyRefetchMs = 1_000

const buildBody = z.object({
  files: z.array(z.object({ path: z.string().min(1), content: z.string() })).max(1_000),
})
const graphqlBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).optional(),
  operationName: z.string().optional(),
})

/**
 * Starts the lambda host: builds plugins (`POST /clients/<client>/builds`) and serves each build as a subgraph
 * (`POST /clients/<client>/builds/<digest>/graphql`), for the gateway's signed calls only. Plugin code runs in the
 * process of the isolates, never here.
 */
export async function createLambdaHost(
  store: BuildStore,
  options: LambdaHostOptions,
): Promise<RunningService> {
  const { log, gatewayUrl } = options
  const isolates = openIsolateProcess(log)
  const build = await createBuild(store, isolates)
  const registry = openPluginRegistry(options)
  const openCall = createOpenCall({ registry, askGraph: createAskGraph(gatewayUrl), log })
  const run = createPluginRunner({ store, isolates, openCall, log })

  const app = createApp(log)
  serveBuilds(app, createVerify(gatewayUrl), { build, run })
  await app.listen({ host: options.host, port: options.port })
  const url = `http://${options.host}:${(app.server.address() as AddressInfo).port}`
  const unregister = registerInstance({
    ...options,
    name: 'lambdas',
    registration: async (): Promise<ModuleRegistration> => ({
      sdl: '',
      version,
      url: options.publicUrl ?? url,
    }),
  })
  log.info({ url }, 'listening')
  return {
    url,
    close: () => closeInOrder([unregister, async () => app.close(), registry.close, isolates.close]),
  }
}

async function createBuild(store: BuildStore, isolates: IsolateProcess): Promise<Build> {
  const core = await readCoreTypes()
  const catalogue = await readEventCatalogue()
  const eventTypes = new Set(catalogue.entries.map(({ type }) => type))
  const ask = async () => {
    throw new Error('A plugin that is being built cannot ask the graph.')
  }
  const describe = async (digest: string, source: string): Promise<PluginDescription> => {
    const isolate = `build:${digest}:${crypto.randomUUID()}`
    try {
      const call = { isolate, source, lambda: null, argument: '', facts: null, repeatable: true, ask }
      return pluginDescriptionSchema.parse(JSON.parse(await isolates.call(call)))
    } finally {
      isolates.drop(isolate)
    }
  }
  return async (client, files) => {
    const built = await buildPlugin(files, { core, eventTypes, describe })
    if (!built.ok) return built
    await store.save(client, built)
    const { bundle: _kept, ...parts } = built
    return parts
  }
}

function createVerify(gatewayUrl: string): Verify {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl), {
    cooldownDuration: keyRefetchMs,
  })
  return async ({ headers: { authorization = '' } }) => {
    const token = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : ''
    return { ...(await verifyGatewayToken(token, lambdaAudience, keys)), token }
  }
}

function createApp(log: Log): FastifyInstance {
  const app = fastify({ bodyLimit: bodyLimitBytes })
  app.setErrorHandler((error, _request, reply) => {
    const shown = asTrellisError(error, log)
    return reply.code(errorCatalogue[shown.code].status).send({ errors: [formatError(shown)] })
  })
  app.get('/health/live', () => ({ status: 'live' }))
  return app
}

function serveBuilds(
  app: FastifyInstance,
  verify: Verify,
  { build, run }: { build: Build; run: RunPlugin },
): void {
  app.post<{ Params: { client: string } }>('/clients/:client/builds', async (request) => {
    const { client } = request.params
    const { viewer } = await verify(request)
    const allowed = viewer.kind === 'OPERATOR' || (viewer.kind === 'DEPLOYER' && viewer.client === client)
    if (!allowed)
      throw new TrellisError('FORBIDDEN', 'Only a deployer of the client, or an operator, builds its plugin.')
    return build(client, parseBody(buildBody, request.body).files)
  })
  app.post<{ Params: { client: string; digest: string } }>(
    '/clients/:client/builds/:digest/graphql',
    async (request) => {
      const { viewer, depth, token } = await verify(request)
      const { client, digest } = request.params
      // Another client's build is not found, as if it were not there.
      if (viewer.kind === 'OPERATOR' || viewer.client !== client)
        throw new TrellisError('NOT_FOUND', 'There is no such build.')
      const { traceparent } = request.headers
      const rights = { token, traceparent: typeof traceparent === 'string' ? traceparent : undefined }
      const call = { client, digest, viewer, depth, rights }
      return run(parseBody(graphqlBody, request.body), call)
    },
  )
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new TrellisError('BAD_USER_INPUT', z.prettifyError(parsed.error))
}

/** Fastify's own refusals (too large, not JSON) are the caller's fault; of any other fault the log alone hears. */
function asTrellisError(error: unknown, log: Log): TrellisError {
  if (error instanceof TrellisError) return error
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500)
    return new TrellisError('BAD_USER_INPUT', error.message)
  log.error({ err: error }, 'the lambda host failed')
  return new TrellisError('INTERNAL_SERVER_ERROR', 'Internal error.')
}

async function closeInOrder(steps: readonly Close[]): Promise<void> {
  for (const step of steps) await step()
}
