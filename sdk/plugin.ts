/**
 * The plugin kit: all that a plugin may import besides its own files.
 *
 * A plugin is one more subgraph of its client's supergraph. Its functions run in an isolate, without Node, without timers
 * and without a network: plain JavaScript, the arguments they are given, and `ctx`.
 */

/** Says what a plugin is; the default export of its `plugin.ts`. */
export function definePlugin<Graph extends PluginGraph = UntypedGraph>(plugin: Plugin<Graph>): Plugin<Graph> {
  return plugin
}

/** Marks SDL or an operation, for editors and for the check of a deployment; the text as it is written. */
export function gql(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw(parts, ...values)
}

/** What a plugin adds to its client's supergraph. */
export type Plugin<Graph extends PluginGraph = UntypedGraph> = {
  /**
   * Federation 2 SDL, without `@link`: the platform adds it. An entity of the core is extended by naming its key:
   * ``type User @key(fields: "id") { id: ID! loyaltyTier: LoyaltyTier }``.
   * A plugin of rules and handlers alone needs none.
   */
  typeDefs?: string
  /** By type and field. Those of `Query` and `Mutation` are root resolvers, all others batched ones. */
  resolvers?: Graph['resolvers']
  /** By the root field they guard: `'Mutation.createRecord'`. */
  rules?: Graph['rules']
  /** By the type of event they react to: `'data.record.created'`. */
  on?: Graph['on']
  needs?: Needs
}

/** What an operator has to grant. */
export type Needs = {
  /** What `ctx.asPlugin.graphql` may do. */
  scopes?: readonly Scope[]
  /** The hosts that `ctx.fetch` reaches: `'api.shipping.example'`. */
  egress?: readonly string[]
}

export type Scope =
  | 'records:read'
  | 'records:write'
  | 'users:read'
  | 'notify'
  | 'analytics:read'
  | 'analytics:write'

/**
 * What an editor can know of a client's supergraph. `npx trellis types` writes it, as `Graph` in `trellis.d.ts`;
 * with `definePlugin<Graph>` arguments, objects, results and events have types.
 */
export type PluginGraph = { resolvers: object; rules: object; on: object }

/** What `definePlugin` knows of a supergraph without generated types: nothing. */
export type UntypedGraph = {
  resolvers: Resolvers
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are those of the client's schema, which no type here can know.
  rules: Readonly<Record<string, Rule<any>>>
  // biome-ignore lint/suspicious/noExplicitAny: as above, for the data of an event.
  on: Readonly<Record<string, EventHandler<any>>>
}

export type Resolvers = {
  Query?: Readonly<Record<string, RootResolver>>
  Mutation?: Readonly<Record<string, RootResolver>>
} & { [type: string]: Readonly<Record<string, FieldResolver>> | undefined }

/** One signature for both kinds, so that an editor knows `ctx`. */
// biome-ignore lint/suspicious/noExplicitAny: as below.
type FieldResolver = (objects: any, args: any, ctx: Context) => unknown

/** Answers one root field. What it throws reaches the caller as LAMBDA_FAILED, with its message: say nothing secret in it. */
// biome-ignore lint/suspicious/noExplicitAny: an author names the arguments that the schema declares, which no type here can know.
export type RootResolver<Args = any, Result = unknown> = (
  root: undefined,
  args: Args,
  ctx: Context,
) => Result | Promise<Result>

/**
 * Answers one field for all objects of one fetch at once: a list of the same length, in the same order. An `Error` in
 * the list is the failure of that object alone. The objects carry their keys and what `@requires` asked for.
 */
// biome-ignore lint/suspicious/noExplicitAny: as above, for the objects and the arguments.
export type BatchResolver<Parent = any, Args = any, Result = unknown> = (
  objects: readonly Parent[],
  args: Args,
  ctx: Context,
) => readonly (Result | Error)[] | Promise<readonly (Result | Error)[]>

/**
 * Runs before a root field: returns its arguments, as they are or rewritten, or refuses with `ctx.reject`. A rule that
 * throws or takes too long refuses the field, too.
 */
// biome-ignore lint/suspicious/noExplicitAny: as above, for the arguments.
export type Rule<Args = any> = (
  call: RuleCall<Args>,
  ctx: RuleContext,
) => Args | Rejection | Promise<Args | Rejection>

// biome-ignore lint/suspicious/noExplicitAny: as above, for the arguments.
export type RuleCall<Args = any> = {
  /** `createRecord` */
  readonly field: string
  readonly type: 'Query' | 'Mutation' | 'Subscription'
  readonly args: Args
  readonly viewer: RuleViewer
}

/** Who is calling. */
export type RuleViewer = {
  readonly kind: 'FRONTEND' | 'USER' | 'SERVER' | 'PARTNER' | 'PLUGIN'
  /** Of a user only. */
  readonly userId?: string
  /** Of a user only; a key has none. */
  readonly roles?: readonly ('MEMBER' | 'EDITOR' | 'ADMIN')[]
  /** Of a key only. */
  readonly keyId?: string
}

/** What `ctx.reject` makes. */
export type Rejection = { readonly reject: { readonly code: string; readonly message: string } }

/** Reacts to an event: at least once, with backoff when it throws, then kept as a dead letter. Events come again: be idempotent. */
// biome-ignore lint/suspicious/noExplicitAny: as above, for the data.
export type EventHandler<Data = any> = (
  event: PluginEvent<Data>,
  ctx: HandlerContext,
) => unknown | Promise<unknown>

// biome-ignore lint/suspicious/noExplicitAny: as above, for the data.
export type PluginEvent<Data = any> = {
  /** The same when the event comes again. */
  readonly id: string
  /** `data.record.created` */
  readonly type: string
  /** What it happened to: a record's id. */
  readonly subject: string
  /** RFC 3339, UTC. */
  readonly time: string
  /** `user:<id>`, `key:<id>`; null where nobody is known. */
  readonly actor: string | null
  readonly data: Data
}

/** What a resolver is given besides its arguments. */
export type Context = PlatformContext & {
  /** Who is calling. The graph guards itself; what else a resolver gives away (of `kv`, of `secrets`), it has to guard. */
  readonly viewer: RuleViewer
  /** Asks the client's own supergraph, with the rights of whoever is calling. */
  readonly graphql: AskGraph
}

/** What a rule is given besides the call. */
export type RuleContext = Context & {
  /** Refuses the call. The code is yours: capitals, digits and `_`; the caller sees it, and the message. */
  reject(code: string, message: string): Rejection
}

/** Nobody is calling an event handler: it asks the graph with the plugin's own rights only. */
export type HandlerContext = PlatformContext

export type PlatformContext = {
  /** The plugin's own rights: the scopes of its `needs`, as far as an operator granted them. */
  readonly asPlugin: { readonly graphql: AskGraph }
  readonly kv: KeyValueStore
  readonly secrets: {
    /** Null when there is none of that name. */
    get(name: string): Promise<string | null>
  }
  /** Publishes an event of the client, of a type that begins with `plugin.`, at least once. */
  emit(type: `plugin.${string}`, event: { subject: string; data: unknown }): Promise<void>
  /** One line of the plugin's log; values that are no text are written as JSON. `console.log` does the same. */
  log(...parts: readonly unknown[]): void
  /** Whether a flag is on for whoever is calling. */
  flag(name: string): boolean
  /** Calls out, over HTTPS, to the hosts of the plugin's `needs`, as far as an operator granted them. */
  fetch(url: string, request?: FetchRequest): Promise<FetchAnswer>
}

/**
 * @returns the `data` of the answer
 * @throws {GraphError} when the answer has errors, partial data included
 */
export type AskGraph = <Data = Record<string, unknown>>(
  document: string,
  variables?: Readonly<Record<string, unknown>>,
) => Promise<Data>

/** What `ctx.graphql` throws: the errors of the answer, and what data there was. */
export type GraphError = Error & {
  errors: readonly { message: string; path?: readonly (string | number)[]; extensions?: { code?: string } }[]
  data: unknown
}

/** Small state of the client's plugin, kept from release to release. Values are JSON. */
export type KeyValueStore = {
  /** Null when there is none, or its time is over. */
  get<Value = unknown>(key: string): Promise<Value | null>
  /**
   * `ttlSeconds`: forgotten after so long. @default never
   * `ifEquals`: written only where this is the value now (null: where there is none). @default always
   *
   * @returns whether it was written
   */
  set(key: string, value: unknown, options?: { ttlSeconds?: number; ifEquals?: unknown }): Promise<boolean>
  /** Whether there was one. */
  delete(key: string): Promise<boolean>
  /** A page of the keys that begin with `prefix`, behind `after`, in their order. `limit` 1 to 100. @default 100 */
  list<Value = unknown>(page?: {
    prefix?: string
    after?: string
    limit?: number
  }): Promise<{ key: string; value: Value }[]>
}

export type FetchRequest = {
  /** @default 'GET' */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Readonly<Record<string, string>>
  body?: string
}

/** The answer is there as a whole when `fetch` resolves. */
export type FetchAnswer = {
  readonly status: number
  /** 200 to 299. */
  readonly ok: boolean
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  text(): string
  json<Value = unknown>(): Value
}
