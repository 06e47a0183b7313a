import type { ApolloServerPlugin } from '@apollo/server'
import { exceedsIntrospection } from '../planning/introspection-length.ts'
import { exceedsLimits } from '../planning/operation-limits.ts'
import type { OperationContext } from './operation-context.ts'

/** The limits of operations, for a graph that is answered without a planner, which else would hold them to these. */
export const withinLimits: ApolloServerPlugin<OperationContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, document, operation }) {
        // There is one, or this is not called.
        if (!operation) return
        const exceeded =
          exceedsLimits(document, operation) ?? exceedsIntrospection({ schema, document, operation })
        if (exceeded) throw exceeded
      },
    }
  },
}
