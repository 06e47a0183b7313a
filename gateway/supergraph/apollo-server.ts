import { ApolloServer, type ApolloServerOptionsWithGateway } from '@apollo/server'
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLSchema } from 'graphql'
import type { Log } from '../../foundation/log.ts'
import { formatError, isMasked } from './format-error.ts'
import type { OperationContext } from './operation-context.ts'

export type ApolloGateway = ApolloServerOptionsWithGateway<OperationContext>['gateway']

/**
 * An Apollo Server as all of ours are: nothing sent to Apollo, errors masked, no batching, introspection for whoever
 * got this far, and requests that a browser sends for any page refused unless they carry one of our headers.
 */
export function createApolloServer(
  source: { gateway: ApolloGateway } | { schema: GraphQLSchema },
  log: Log,
): ApolloServer<OperationContext> {
  return new ApolloServer<OperationContext>({
    ...source,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    // Without these a header-less GET of the federation audits, and of curl, would be refused although it carries a key.
    csrfPrevention: {
      requestHeaders: ['x-api-key', 'authorization', 'x-apollo-operation-name', 'apollo-require-preflight'],
    },
    formatError,
    logger: apolloLogger(log),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      logMaskedErrors(log),
    ],
  })
}

/** What the caller does not see, somebody has to. */
function logMaskedErrors(log: Log) {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors }: { errors: readonly Error[] }) {
          for (const error of errors) {
            const formatted = 'toJSON' in error && typeof error.toJSON === 'function' ? error.toJSON() : error
            if (isMasked(formatError(formatted, error))) log.error({ err: error }, 'an operation failed')
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
