/**
 * The plugin kit: all that a plugin may import besides its own files.
 *
 * A plugin is one more subgraph of its client's supergraph. Its functions run in an isolate, without Node, without timers
 * and without a network: plain JavaScript, the arguments they are given, and `ctx`.
 */

/** What a plugin adds to its client's supergraph. */
export type Plugin = {
  /**
   * Federation 2 SDL, without `@link`: the platform adds it. An entity of the core is extended by naming its key:
   * ``type User @key(fields: "id") { id: ID! loyaltyTier: LoyaltyTier }``.
   */
  typeDefs: string
  resolvers: Resolvers
}

export type Resolvers = {
  Query?: Readonly<Record<string, RootResolver>>
  Mutation?: Readonly<Record<string, RootResolver>>
} & { [type: string]: Readonly<Record<string, BatchResolver | RootResolver>> | undefined }

/** The arguments of a field, as declared in `typeDefs`. */
export type Args = Readonly<Record<string, unknown>>

/** Answers one root field. What it throws reaches the caller as LAMBDA_FAILED, with its message: say nothing secret in it. */
// biome-ignore lint/suspicious/noExplicitAny: an author names the arguments that the schema declares, which no type here can know.
export type RootResolver = (root: undefined, args: any, ctx: Context) => unknown

/**
 * Answers one field for all objects of one fetch at once: a list of the same length, in the same order. An `Error` in
 * the list is the failure of that object alone. The objects carry their keys and what `@requires` asked for.
 */
// biome-ignore lint/suspicious/noExplicitAny: as above, for the objects and the arguments.
export type BatchResolver = (objects: readonly any[], args: any, ctx: Context) => unknown

export type Context = {
  /**
   * Asks the client's own supergraph, with the rights of whoever is calling.
   *
   * @returns the `data` of the answer
   * @throws {GraphError} when the answer has errors, partial data included
   */
  graphql<Data = Record<string, unknown>>(
    document: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Data>
  /** One line of the plugin's log; values that are no text are written as JSON. `console.log` does the same. */
  log(...parts: readonly unknown[]): void
}

/** What `ctx.graphql` throws: the errors of the answer, and what data there was. */
export type GraphError = Error & {
  errors: readonly { message: string; path?: readonly (string | number)[]; extensions?: { code?: string } }[]
  data: unknown
}

/** Says what a plugin is; the default export of its `plugin.ts`. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin
}

/** Marks SDL or an operation for editors; the text as it is written. */
export function gql(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw(parts, ...values)
}
