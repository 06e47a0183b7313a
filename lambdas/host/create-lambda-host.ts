import type { AddressInfo } from 'node:net'
import { type FastifyRequest, fastify } from 'fastify'
import {
  execute,
  formatError,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
} from 'graphql'
import { createRemoteJWKSet } from 'jose'
import { LRUCache } from 'lru-cache'
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
import { createAsk } from './ask-graph.ts'
import { buildPlugin, type PluginDescription } from './build-plugin.ts'
import type { BuildStore } from './build-store.ts'
import { readCoreTypes } from './core-types.ts'
import { openIsolateProcess } from './isolate-process.ts'
import { buildPluginSchema, type PluginRequest } from './plugin-schema.ts'

export type LambdaHostOptions = {
  host: string
  /** 0: any free one. */
  port: number
  publicUrl?: string | undefined
  gatewayUrl: string
  credential: string
  log: Log
}

type Executable = { schema: GraphQLSchema; bundle: string }
type GraphQLRequest = { query: string; variables?: Record<string, unknown>; operationName?: string }
type ClientParams = { client: string; digest: string }

const version = '0.1.0'
const bodyLimitBytes = 4 * 1024 * 1024
const keyRefetchMs = 1_000
/** Executable schemas kept, the least used forgotten first; made again from the store in a few milliseconds. */
const schemasKept = 500

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
  const core = await readCoreTypes()
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl), {
    cooldownDuration: keyRefetchMs,
  })
  const isolates = openIsolateProcess(log)
  const executables = new LRUCache<string, Executable>({ max: schemasKept })

  async function describe(digest: string, source: string): Promise<PluginDescription> {
    const isolate = `build:${digest}`
    const ask = async () => {
      throw new TrellisError('LAMBDA_FAILED', 'A plugin that is being built cannot ask the graph.')
    }
    try {
      return JSON.parse(
        await isolates.call({ isolate, source, lambda: null, argument: '', repeatable: true, ask }),
      )
    } finally {
      isolates.drop(isolate)
    }
  }

  async function build(client: string, files: readonly PluginFile[]): Promise<PluginBuild> {
    const built = await buildPlugin(files, { core, describe })
    if (!built.ok) return built
    await store.save(client, built)
    const { bundle: _kept, ...answer } = built
    return answer
  }

  async function executableOf(client: string, digest: string): Promise<Executable> {
    const name = `${client}/${digest}`
    const known = executables.get(name)
    if (known) return known
    const stored = await store.find(client, digest)
    if (!stored) throw new TrellisError('NOT_FOUND', 'There is no such build.')
    const executable = { schema: buildPluginSchema(stored.sdl, stored.functions), bundle: stored.bundle }
    executables.set(name, executable)
    return executable
  }

  async function answer(request: GraphQLRequest, call: VerifiedCall): Promise<object> {
    const { client, digest, token, traceparent } = call
    const { schema, bundle } = await executableOf(client, digest)
    const ask = createAsk(gatewayUrl, token, traceparent)
    const isolate = `${client}/${digest}`
    const contextValue: PluginRequest = {
      batches: new Map(),
      run: (lambda, argument, repeatable) =>
        isolates.call({ isolate, source: bundle, lambda, argument, repeatable, ask }),
    }
    const { query, variables, operationName } = request
    const { data, errors } = await execute({
      schema,
      document: parse(query),
      variableValues: variables,
      operationName,
      contextValue,
    })
    return { data, ...(errors && { errors: errors.map((error) => shown(error, log)) }) }
  }

  const app = fastify({ bodyLimit: bodyLimitBytes })
  app.setErrorHandler((error, _request, reply) => {
    const masked = asTrellisError(error, log)
    return reply.code(errorCatalogue[masked.code].status).send({ errors: [formatError(masked)] })
  })
  app.get('/health/live', () => ({ status: 'live' }))
  app.post<{ Params: { client: string }; Body: { files: PluginFile[] } }>(
    '/clients/:client/builds',
    async (request) => {
      const { client } = request.params
      const { viewer } = await verifyGatewayToken(bearer(request), lambdaAudience, keys)
      const allowed = viewer.kind === 'OPERATOR' || (viewer.kind === 'DEPLOYER' && viewer.client === client)
      if (!allowed)
        throw new TrellisError(
          'FORBIDDEN',
          'Only a deployer of the client, or an operator, builds its plugin.',
        )
      return build(client, request.body.files)
    },
  )
  app.post<{ Params: ClientParams; Body: GraphQLRequest }>(
    '/clients/:client/builds/:digest/graphql',
    async (request) => {
      const token = bearer(request)
      const claims = await verifyGatewayToken(token, lambdaAudience, keys)
      return answer(request.body, verifiedCall(request, claims, token ?? ''))
    },
  )

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
  return { url, close: () => closeAll([unregister, async () => app.close(), isolates.close]) }
}

type VerifiedCall = ClientParams & {
  token: string
  traceparent: string | undefined
}

function verifiedCall(
  request: FastifyRequest<{ Params: ClientParams }>,
  { viewer }: GatewayTokenClaims,
  token: string,
): VerifiedCall {
  const { client, digest } = request.params
  // Another client's build is not found, as if it were not there.
  if (viewer.kind === 'OPERATOR' || viewer.client !== client)
    throw new TrellisError('NOT_FOUND', 'There is no such build.')
  const traceparent = request.headers.traceparent
  return {
    client,
    digest,
    token,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  }
}

function bearer(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  return authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined
}

function shown(error: GraphQLError, log: Log): GraphQLFormattedError {
  const original = error.originalError ?? error
  if (original instanceof GraphQLError)
    return { ...error.toJSON(), extensions: { code: 'LAMBDA_INVALID_RESULT', ...original.extensions } }
  log.error({ err: original }, 'serving a plugin failed')
  return { message: 'Internal error.', path: error.path ?? [], extensions: { code: 'INTERNAL_SERVER_ERROR' } }
}

function asTrellisError(error: unknown, log: Log): TrellisError {
  if (error instanceof TrellisError) return error
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500)
    return new TrellisError('BAD_USER_INPUT', error.message)
  log.error({ err: error }, 'the lambda host failed')
  return new TrellisError('INTERNAL_SERVER_ERROR', 'Internal error.')
}

async function closeAll(steps: readonly Close[]): Promise<void> {
  for (const step of steps) await step()
}
