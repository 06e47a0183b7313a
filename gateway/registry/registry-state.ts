import type { JWK } from 'jose'
import type { PublicKey } from '../../foundation/signing-keys.ts'
import type { PluginDocument } from '../../schema/plugin-build.ts'
import type { PluginGrants, PluginLimits } from '../../schema/plugin-registry.ts'
import type { ApiKey } from '../access/api-key.ts'

/** All that the registry holds, at one moment. Immutable: a change makes a new one. */
export type RegistryState = {
  /** Of the last change it holds. */
  revision: number
  /** Leases that ended after this moment hold, in ms since the epoch: while the database is away nobody can renew one. */
  leasesAsOf: number
  /** By slug. */
  clients: ReadonlyMap<string, RegisteredClient>
  /** By name. */
  modules: ReadonlyMap<string, RegisteredModule>
  /** By SHA-256 of the key, hexadecimal; revoked ones are not among them, expired ones may be. */
  apiKeys: ReadonlyMap<string, ApiKey>
  /** The same. */
  apiKeysById: ReadonlyMap<string, ApiKey>
  /** Those for all clients, by name. */
  flags: ReadonlyMap<string, RegisteredFlag>
  /** The public halves of the keys that all gateway replicas sign with; expired ones may be among them. */
  signingKeys: readonly PublicKey[]
}

export type RegisteredClient = {
  slug: string
  name: string
  /** Names of the modules switched on, in alphabetical order; some may never have registered. */
  modules: readonly string[]
  /** The plugin release that is served. */
  plugin: PluginSubgraph | null
  grants: PluginGrants
  limits: Partial<PluginLimits>
  /** Its own, by name; they come before those for all clients. */
  flags: ReadonlyMap<string, RegisteredFlag>
}

export type PluginSubgraph = {
  number: number
  digest: string
  sdl: string
  /** Coordinates of root fields: `Mutation.createRecord`. */
  rules: readonly string[]
  /** Types of events. */
  handlers: readonly string[]
  /** What it would have granted. */
  needs: PluginGrants
}

/** A release with what is read when it is to be served. */
export type StoredPlugin = PluginSubgraph & { documents: readonly PluginDocument[] }

export type RegisteredFlag = {
  name: string
  enabled: boolean
  /** Of the viewers, 0 to 100; null: all of them. */
  percent: number | null
}

export type RegisteredModule = {
  name: string
  version: string
  /** Empty for the lambda host. */
  sdl: string
  /** What single clients see in place of `sdl`, by slug. */
  clientSdls: ReadonlyMap<string, string>
  tokenKeys: readonly JWK[]
  instances: readonly ModuleInstance[]
}

export type ModuleInstance = {
  id: string
  url: string
  version: string
  sdlHash: string
  leaseExpiresAt: Date
}
