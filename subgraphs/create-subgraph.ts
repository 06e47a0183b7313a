import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { type GraphQLSchema, parse } from 'graphql'
import type { JWK } from 'jose'
import { bounded, type Close } from '../foundation/closing.ts'
import { createDrain } from '../foundation/drain-server.ts'
import { errorCatalogue, TrellisError } from '../foundation/errors.ts'
import type { Log } from '../foundation/log.ts'
import { reachableUrl } from '../foundation/reachable-url.ts'
import { registerInstance } from '../foundation/register-instance.ts'
import type { RunningService } from '../foundation/service.ts'
import type { ModuleRegistration } from '../schema/registration.ts'
import { type Call, createCallVerifier, type VerifyCall } from './call.ts'
import { createErrorFormat, type FormatError } from './format-error.ts'
import { scalarResolvers } from './scalars.ts'
import { serveSubscriptions } from './serve-subscriptions.ts'

/** What makes a module of its own out of the common ground. */
export type SubgraphModule<Context extends object> = {
  /** Names the SDL (`schema/<name>.graphql`), the gateway's audience and the registration. */
  name: string
  resolvers: GraphQLResolverMap<Context>
  /**
   * Called once for every operation, and once for every event of a subscription: what it makes (DataLoaders above all)
   * is never shared between viewers and never outlives the answer.
   */
  createContext(call: Call): Context
  /** The public keys of the access tokens this module issues: the users module only. */
  tokenKeys?(): Promise<JWK[]>
}

export type SubgraphOptions = {
  host: string
  /** 0: any free one. */
  port: number
  /** Where the gateway reaches this instance. @default where it listens, by the machine's name if on all its addresses */
  publicUrl?: string | undefined
  gatewayUrl: string
  /** Proves the module's name to the gateway's registry. */
  credential: string
  log: Log
}

const version = '0.1.0'
/** A page of entity representations is far below it; more than this is a fault or an attack. */
const bodyLimitBytes = 4 * 1024 * 1024
const drainMs = 10_000

/**
 * Starts a module: its schema over HTTP and graphql-ws on `/graphql`, for the gateway's signed calls only; health on
 * `/health/live`; registered with the gateway for as long as it runs.
 *
 * @throws what listening throws (a taken port), or a schema that does not parse
 */
export async function createSubgraph<Context extends object>(
  module: SubgraphModule<Context>,
  options: SubgraphOptions,
): Promise<RunningService> {
  const sdl = await readSdl(module.name)
  const schema = buildSchema(sdl, module)
  const verify = createCallVerifier(module.name, options.gatewayUrl)
  const format = createErrorFormat(options.log)

  const http = await serveHttp(module, { schema, verify, format })
  await http.app.listen({ host: options.host, port: options.port })
  const closeSockets = serveSubscriptions(http.app.server, {
    schema,
    verify,
    format,
    createContext: (call) => module.createContext(call),
  })
  const url = await reachableUrl(options.host, (http.app.server.address() as AddressInfo).port)
  const unregister = registerInstance({
    ...options,
    name: module.name,
    registration: async (): Promise<ModuleRegistration> => ({
      sdl,
      version,
      url: options.publicUrl ?? url,
      ...(module.tokenKeys && { tokenKeys: await module.tokenKeys() }),
    }),
  })
  options.log.info({ url }, 'listening')

  return { url, close: once(() => closeInOrder([unregister, closeSockets, http.close])) }
}

/** The module's SDL as the gateway composes it: the common prelude, then its own file. */
export async function readSdl(name: string): Promise<string> {
  const files = ['prelude', name].map((file) => new URL(`../schema/${file}.graphql`, import.meta.url))
  const parts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return parts.join('\n')
}

function buildSchema<Context extends object>(sdl: string, module: SubgraphModule<Context>): GraphQLSchema {
  const resolvers = { ...scalarResolvers, ...module.resolvers }
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }])
}

type Serving = { schema: GraphQLSchema; verify: VerifyCall; format: FormatError }

async function serveHttp<Context extends object>(
  module: SubgraphModule<Context>,
  { schema, verify, format }: Serving,
): Promise<{ app: FastifyInstance; close: Close }> {
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    formatError: format,
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginInlineTraceDisabled()],
  })
  await apollo.start()

  const app = fastify({ bodyLimit: bodyLimitBytes })
  const calls = new WeakMap<FastifyRequest, Call>()
  app.setErrorHandler((error, _request, reply) => {
    const shown = asCallerError(error)
    return reply.code(errorCatalogue[shown.code].status).send({ errors: [format(shown.toJSON(), shown)] })
  })
  app.get('/health/live', () => ({ status: 'live' }))
  app.post('/graphql', {
    // Before the body is read: nobody but the gateway makes this process parse anything.
    onRequest: async (request, reply) => {
      const abort = new AbortController()
      reply.raw.once('close', () => {
        // An error with its stack is made for it, which costs more than much of what is asked here.
        if (!reply.raw.writableFinished) abort.abort()
      })
      const { authorization, traceparent } = request.headers
      calls.set(request, await verify({ token: bearer(authorization), traceparent }, abort.signal))
    },
    handler: fastifyApolloHandler(apollo, {
      context: async (request) => module.createContext(callOf(calls, request)),
    }),
  })

  const drain = createDrain(app)
  const drainInTime = () => bounded(drain, drainMs, () => app.server.closeAllConnections())
  return { app, close: () => closeInOrder([drainInTime, () => apollo.stop()]) }
}

function callOf(calls: WeakMap<FastifyRequest, Call>, request: FastifyRequest): Call {
  const call = calls.get(request)
  if (!call) throw new Error('A request came past the verification of its caller.')
  return call
}

function bearer(authorization: string | undefined): string | undefined {
  return authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined
}

/** Fastify's own refusals (too large, not JSON) are the caller's fault; their messages say only that. */
function asCallerError(error: unknown): TrellisError {
  if (error instanceof TrellisError) return error
  const refused = error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500
  if (refused) return new TrellisError('BAD_USER_INPUT', error.message)
  return new TrellisError('INTERNAL_SERVER_ERROR', 'Internal error.')
}

/** Each step runs also when one before it failed; the first failure is thrown at the end. */
async function closeInOrder(steps: readonly Close[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) await step().catch((error) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

function once(close: Close): Close {
  let closed: Promise<void> | undefined
  return () => {
    closed ??= close()
    return closed
  }
}
