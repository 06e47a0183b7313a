/**
 * What the lambda host may know of the gateway's registry, with the credential of `lambdas`:
 *
 * `GET /registry/plugins?after=<revision>` answers `PluginRegistry` as soon as there is one behind that revision, and
 * after 25 seconds the one there is.
 *
 * `POST /registry/plugin-tokens` takes `PluginTokenRequest` and answers `PluginToken`.
 */
export type PluginRegistry = {
  /** For `after`. Grows with every change of the registry, also with those that show nowhere here. */
  revision: number
  /** All clients that have a plugin, or limits for one, by slug. */
  clients: PluginOfClient[]
}

export type PluginOfClient = {
  client: string
  /** The release that is served; `digest` names its build. */
  active: { number: number; digest: string; handlers: string[] } | null
  grants: PluginGrants
  limits: Partial<PluginLimits>
  /** As they are for this client: its own before those for all. */
  flags: { name: string; enabled: boolean; percent: number | null }[]
}

/** What an operator lets a client's plugin do in its own name, and which hosts it may call. */
export type PluginGrants = { scopes: string[]; egress: string[] }

/** What a plugin may use; operators change it for one client. */
export type PluginLimits = {
  /** Heap of its isolate, megabytes. */
  memoryMb: number
  /** CPU time of one call, milliseconds. */
  cpuMs: number
  /** CPU time of all its calls in a second, milliseconds. */
  cpuMsPerSecond: number
  /** Time from start to answer of a resolver or a rule, milliseconds. */
  wallMs: number
  /** The same of an event handler. */
  handlerWallMs: number
  /** Length of a call's argument, and of its result, in characters of JSON. */
  payloadChars: number
  /** Calls to the platform in one call. */
  hostCalls: number
  /** How often lambda and graph may call each other. */
  depth: number
  /** Log text kept of one call, in characters. */
  logChars: number
  /** Length of the bundle, in characters. */
  bundleChars: number
  /** Length of the SDL, in characters. */
  sdlChars: number
}

/** `depth`, where operators have set none. The gateway holds everybody to it; the host does not ask what it would refuse. */
export const defaultDepth = 3

export type PluginTokenRequest = {
  client: string
  /** How many lambdas stand behind the one that asks: that of the event or call it works for. */
  depth: number
}

/** A gateway token for the plugin's own rights; `expiresAt` is RFC 3339. */
export type PluginToken = { token: string; expiresAt: string }
