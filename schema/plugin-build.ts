/**
 * What the gateway asks of the lambda host: `POST <host>/clients/<client>/builds`, body `{ files: PluginFile[] }`,
 * answer `PluginBuild`. A build is content-addressed and kept; the same files give the same digest.
 * A built plugin is a subgraph at `POST <host>/clients/<client>/builds/<digest>/graphql`.
 */
export type PluginFile = { path: string; content: string }

export type PluginBuild = ({ ok: true } & BuiltParts) | { ok: false; errors: PluginError[] }

/** What a built plugin is, to the gateway. */
export type BuiltParts = {
  digest: string
  /** The plugin's Federation 2 SDL, federation `@link` included. */
  sdl: string
  /** Fields with a resolver: `User.loyaltyTier`. */
  functions: string[]
  /** Root fields with a rule: `Mutation.createRecord`. */
  rules: string[]
  /** Types of events with a handler: `data.record.created`. */
  handlers: string[]
  needs: PluginNeeds
  /** What it asks the graph, as far as that can be read in its code. */
  documents: PluginDocument[]
}

/** A GraphQL document in a plugin's code: operations, or fragments alone. `line`, from 1, is that of its first character. */
export type PluginDocument = { text: string; file: string; line: number }

/** Parts the author's text, line for line, from what the platform adds to it in a build's `sdl`. */
export const platformAddition = '\n# Added by the platform:\n'

/** What an operator has to grant: scopes of the plugin's own rights, and hosts to call out to. */
export type PluginNeeds = { scopes: string[]; egress: string[] }

/** All scopes there are. */
export const pluginScopes = [
  'records:read',
  'records:write',
  'users:read',
  'notify',
  'analytics:read',
  'analytics:write',
] as const

/** Found by the check, the bundler, the first evaluation or composition. `line` counts from 1. */
export type PluginError = { code: string; message: string; file: string | null; line: number | null }
