import type { JWK } from 'jose'
import { z } from 'zod'
import type { ApiKey } from '../access/api-key.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

/** All that the registry holds, at one moment. Immutable: a change makes a new one. */
export type RegistryState = {
  /** By slug. */
  clients: ReadonlyMap<string, RegisteredClient>
  /** By name. */
  modules: ReadonlyMap<string, RegisteredModule>
  /** By SHA-256 of the key, hexadecimal; revoked ones are not among them, expired ones may be. */
  apiKeys: ReadonlyMap<string, ApiKey>
  apiKeyIds: ReadonlySet<string>
}

export type RegisteredClient = {
  slug: string
  name: string
  /** Names of the modules switched on, in alphabetical order; some may never have registered. */
  modules: readonly string[]
  /** The plugin release that is served. */
  plugin: PluginSubgraph | null
}

export type PluginSubgraph = { number: number; digest: string; sdl: string }

export type RegisteredModule = {
  name: string
  version: string
  /** Empty for the lambda host. */
  sdl: string
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

const jwkSchema = z.custom<JWK>((value) => typeof value === 'object' && value !== null && 'kty' in value)
const tokenKeysSchema = z.array(jwkSchema)

/** The whole registry, read as one snapshot. */
export async function loadRegistryState(db: PlatformDatabase): Promise<RegistryState> {
  return db.$transaction(readRegistryState, { isolationLevel: 'RepeatableRead' })
}

/** The same within a transaction: what a change is judged against. */
export async function readRegistryState(tx: PlatformTransaction): Promise<RegistryState> {
  const clients = await tx.client.findMany({ include: { modules: { orderBy: { module: 'asc' } } } })
  const modules = await tx.module.findMany({ include: { instances: { orderBy: { id: 'asc' } } } })
  const apiKeys = await tx.apiKey.findMany({ where: { revokedAt: null } })
  const plugins = await readActivePlugins(tx)
  return {
    clients: new Map(
      clients.map(({ slug, name, modules }) => [
        slug,
        { slug, name, modules: modules.map(({ module }) => module), plugin: plugins.get(slug) ?? null },
      ]),
    ),
    modules: new Map(
      modules.map((module) => [
        module.name,
        { ...module, tokenKeys: tokenKeysSchema.parse(module.tokenKeys) },
      ]),
    ),
    apiKeys: new Map(apiKeys.map(({ clientSlug, hash, ...key }) => [hash, { ...key, client: clientSlug }])),
    apiKeyIds: new Set(apiKeys.map(({ id }) => id)),
  }
}

async function readActivePlugins(tx: PlatformTransaction): Promise<Map<string, PluginSubgraph>> {
  const rows = await tx.$queryRaw<(PluginSubgraph & { client: string })[]>`
    SELECT r.client, r.number, r.digest, r.sdl
    FROM plugin_release r JOIN client c ON c.slug = r.client AND c.active_release = r.number`
  return new Map(rows.map(({ client, number, digest, sdl }) => [client, { number, digest, sdl }]))
}
