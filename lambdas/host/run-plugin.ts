import { type DocumentNode, execute, GraphQLError, type GraphQLFormattedError, parse } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Log } from '../../foundation/log.ts'
import { answerOfFailure } from '../../prisma/database-outage.ts'
import type { Caller } from './ctx/caller.ts'
import type { OpenCall } from './ctx/open-call.ts'
import type { FindBuild } from './find-build.ts'
import type { LimitsOf } from './limits-of.ts'
import type { LambdaCall, RunLambdas } from './run-lambdas.ts'
import { createWaves } from './waves.ts'

export type GraphQLRequest = { query: string; variables?: Record<string, unknown>; operationName?: string }

/** A verified call of the gateway to one build of one client. */
export type PluginCall = Caller & { digest: string }

export type RunPlugin = (request: GraphQLRequest, call: PluginCall) => Promise<object>

export type PluginRunnerOptions = {
  findBuild: FindBuild
  limitsOf: LimitsOf
  runLambdas: RunLambdas
  openCall: (caller: Caller) => OpenCall
  log: Log
}

/** The gateway sends the same few texts again and again: those of its plans. */
const documentsKept = 1_000

/** Answers GraphQL requests to builds: the schema is executed here, the resolvers in the build's isolate. */
export function createPluginRunner(options: PluginRunnerOptions): RunPlugin {
  const { findBuild, limitsOf, runLambdas, openCall, log } = options
  const documents = new LRUCache<string, DocumentNode>({ max: documentsKept })

  function read(query: string): DocumentNode {
    const known = documents.get(query)
    if (known) return known
    const document = parse(query, { noLocation: true })
    documents.set(query, document)
    return document
  }

  return async ({ query, variables, operationName }, call) => {
    const { client, digest } = call
    const { schema, bundle } = await findBuild(client, digest)
    const { facts, ask } = openCall(call)
    const limits = limitsOf(client)
    const build = { client, digest, bundle, limits }
    const cross = (calls: readonly LambdaCall[], repeatable: boolean) =>
      runLambdas(build, calls, { facts, ask, repeatable })
    const { data, errors } = await execute({
      schema,
      document: read(query),
      variableValues: variables,
      operationName,
      contextValue: createWaves(cross, limits),
    })
    return { data, ...(errors && { errors: errors.map((error) => shown(error, log)) }) }
  }
}

/** An error without a code is graphql-js's own, of a value that does not fit its field. */
function shown(error: GraphQLError, log: Log): GraphQLFormattedError {
  const original = error.originalError ?? error
  if (original instanceof GraphQLError)
    return { ...error.toJSON(), extensions: { code: 'LAMBDA_INVALID_RESULT', ...original.extensions } }
  log.error({ err: original }, 'serving a plugin failed')
  const { message, extensions } = answerOfFailure(original)
  return { message, ...(error.path && { path: error.path }), extensions }
}
