/**
 * A small supergraph that shows one thing, what is asked of it and what the answer must be. `federation.test.ts`
 * answers every question with our executor over real HTTP subgraphs, with graphql-js over one schema that holds
 * everything, and with Apollo's gateway.
 */
export type FederationCase = {
  shows: string
  /** By name. The federation `@link` is added to each SDL. */
  subgraphs: Record<string, { sdl: string; resolvers: Resolvers }>
  /** The same data without federation: resolvers over the API schema. */
  monolith: Resolvers
  questions: Question[]
}

export type Question = {
  asks: string
  query: string
  variables?: Record<string, unknown>
  data: unknown
  /** Every error there is, in any order. */
  errors?: { path: (string | number)[]; code?: string; message?: string }[]
  /** Subgraphs that are down. */
  dead?: string[]
  /** The calls that are made, as `subgraph: query`, in order of their arrival. */
  calls?: string[]
  /** Why one schema that holds everything answers otherwise. */
  unlikeMonolith?: string
  /** Why Apollo's executor answers otherwise. */
  unlikeApollo?: string
}

export type Resolver =
  | ((source: never, args: never) => unknown)
  | { subscribe: (source: never, args: never) => AsyncIterable<unknown> }
export type Resolvers = Record<string, Record<string, Resolver>>
