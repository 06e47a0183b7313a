import type { GraphQLFormattedError } from 'graphql'

/** A subgraph has ended a subscription with errors, for all to see: at its begin, or later. */
export class SubscriptionRefused extends Error {
  override name = 'SubscriptionRefused'
  readonly errors: readonly GraphQLFormattedError[]

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The subgraph ended the subscription with errors.')
    this.errors = errors
  }
}
