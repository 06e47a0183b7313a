import { execute, GraphQLError, type GraphQLFormattedError, parse } from 'graphql'
import { LRUCache } from 'lru-cache'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { BuildStore } from './build-store.ts'
import type { Caller, OpenCall } from './ctx/open-call.ts'
import type { IsolateProcess } from './isolate-process.ts'
import { buildPluginSchema, type ExecutablePlugin, type PluginRequest } from './plugin-schema.ts'

export type GraphQLRequest = { query: string; variables?: Record<string, unknown>; operationName?: string }

/** A verified call of the gateway to one build of one client. */
export type PluginCall = Caller & { digest: string }

export type RunPlugin = (request: GraphQLRequest, call: PluginCall) => Promise<object>

export type PluginRunnerOptions = {
  store: BuildStore
  isolates: IsolateProcess
  openCall: (caller: Caller) => OpenCall
  log: Log
}

/** Executable schemas kept, the least used forgotten first; made again from the store in a few milliseconds. */
const schemasKept = 500

/** Answers GraphQL requests to builds: the schema is executed here, the resolvers in the build's isolate. */
export function createPluginRunner({ store, isolates, openCall, log }: PluginRunnerOptions): RunPlugin {
  const executables = new LRUCache<string, ExecutablePlugin>({ max: schemasKept })

  async function executableOf({ client, digest }: PluginCall): Promise<ExecutablePlugin> {
    const name = `${client}/${digest}`
    const known = executables.get(name)
    if (known) return known
    const stored = await store.find(client, digest)
    if (!stored) throw new TrellisError('NOT_FOUND', 'There is no such build.')
    const executable = { schema: buildPluginSchema(stored.sdl, stored.functions), bundle: stored.bundle }
    executables.set(name, executable)
    return executable
  }

  return async ({ query, variables, operationName }, call) => {
    const { schema, bundle: source } = await executableOf(call)
    const { facts, ask } = openCall(call)
    const isolate = `${call.client}/${call.digest}`
    const contextValue: PluginRequest = {
      batches: new Map(),
      run: (lambda, argument, repeatable) =>
        isolates.call({ isolate, source, lambda, argument, facts, repeatable, ask }),
    }
    const document = parse(query)
    const { data, errors } = await execute({
      schema,
      document,
      variableValues: variables,
      operationName,
      contextValue,
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
  return {
    message: 'Internal error.',
    ...(error.path && { path: error.path }),
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  }
}
