import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { operationLimits } from '../planning/operation-limits.ts'
import { isAboutOperation, statusOf } from './error-status.ts'
import { formatError, isFault } from './format-error.ts'
import { negotiate } from './media-type.ts'
import type { OperationContext } from './operation-context.ts'

export type ApolloGateway = ApolloServerOptionsWithGateway<OperationContext>['gateway']

export type ApolloServerSource = ({ gateway: ApolloGateway } | { schema: GraphQLSchema }) & {
  plugins?: readonly ApolloServerPlugin<OperationContext>[]
}

/**
 * An Apollo Server as all of ours are: nothing sent to Apollo, errors masked, no batching, introspection for whoever
 * got this far.
 */
export function createApolloServer(
  { plugins = [], ...source }: ApolloServerSource,
  log: Log,
): ApolloServer<OperationContext> {
  return new ApolloServer<OperationContext>({
    ...source,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    // The door refuses them, for all graphs alike: http/refuse-cross-site.ts.
    csrfPrevention: false,
    parseOptions: { maxTokens: operationLimits.tokens },
    stringifyResult: (result) => JSON.stringify(result),
    formatError,
    logger: apolloLogger(log),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      logMaskedErrors(log),
      statusOfErrors,
      ...plugins,
    ],
  })
}

/** The statuses of the catalogue, and those of GraphQL over HTTP, for answers that are nothing but errors. */
const statusOfErrors: ApolloServerPlugin<OperationContext> = {
  async requestDidStart({ request }) {
    return {
      async willSendResponse({ errors: [error] = [], response: { body, http } }) {
        if (!error || body.kind !== 'single' || body.singleResult.data !== undefined) return
        if (error instanceof TrellisError) http.status = statusOf(error)
        const [shown] = body.singleResult.errors ?? []
        const accepts = negotiate(request.http?.headers.get('accept'))
        if (accepts?.keepsStatus200 && isAboutOperation(http.status ?? 200, shown?.extensions?.code)) {
          http.status = 200
        }
      },
    }
  },
}

/** What the caller does not see, somebody has to. */
function logMaskedErrors(log: Log) {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors }: { errors: readonly Error[] }) {
          for (const error of errors) {
            const formatted = 'toJSON' in error && typeof error.toJSON === 'function' ? error.toJSON() : error
            if (isFault(formatError(formatted, error), error))
              log.error({ err: error }, 'an operation failed')
          }
        },
      }
    },
  }
}

function apolloLogger(log: Log) {
  const line = (message: unknown) => String(message)
  return {
    debug: (message?: unknown) => log.debug({}, line(message)),
    info: (message?: unknown) => log.info({}, line(message)),
    warn: (message?: unknown) => log.warn({}, line(message)),
    error: (message?: unknown) => log.error({}, line(message)),
  }
}
