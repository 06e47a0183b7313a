import type { JWK } from 'jose'
import { z } from 'zod'
import type { PublicKey } from '../../foundation/signing-keys.ts'
import type { PluginLimits } from '../../schema/plugin-registry.ts'
import type { ApiKey } from '../access/api-key.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'
import type {
  PluginSubgraph,
  RegisteredClient,
  RegisteredFlag,
  RegisteredModule,
  RegistryState,
} from './registry-state.ts'

const jwkSchema = z.custom<JWK>((value) => typeof value === 'object' && value !== null && 'kty' in value)
const tokenKeysSchema = z.array(jwkSchema)
const limitsSchema = z.custom<Partial<PluginLimits>>((value) => typeof value === 'object' && value !== null)
export const pluginNeedsSchema = z.object({ scopes: z.array(z.string()), egress: z.array(z.string()) })

/** Several statements, on a machine that may be busy: nobody else waits for it. */
export const snapshot = { isolationLevel: 'RepeatableRead', timeout: 30_000 } as const

/** The whole registry, read as one snapshot. */
export async function loadRegistryState(db: PlatformDatabase): Promise<RegistryState> {
  return db.$transaction(readRegistryState, snapshot)
}

/** The same within a transaction: what a change is judged against. */
export async function readRegistryState(tx: PlatformTransaction): Promise<RegistryState> {
  const revision = await readRevision(tx)
  const clients = await readClients(tx)
  const modules = await readModules(tx)
  const keys = await readApiKeys(tx)
  const flags = await readCommonFlags(tx)
  const signingKeys = await readSigningKeys(tx)
  return { revision, leasesAsOf: Date.now(), clients, modules, ...indexKeys(keys), flags, signingKeys }
}

/** That of the last change. */
export async function readRevision(tx: PlatformTransaction): Promise<number> {
  const { _max } = await tx.registryChange.aggregate({ _max: { revision: true } })
  return Number(_max.revision ?? 0)
}

/** @param slugs @default all */
export async function readClients(
  tx: PlatformTransaction,
  slugs?: readonly string[],
): Promise<Map<string, RegisteredClient>> {
  const rows = await tx.client.findMany({
    ...(slugs && { where: { slug: { in: [...slugs] } } }),
    include: { modules: { orderBy: { module: 'asc' } }, flags: { orderBy: { name: 'asc' } } },
  })
  const plugins = await readActivePlugins(tx, slugs)
  return new Map(
    rows.map(({ slug, name, modules, grantedScopes, grantedEgress, limits, flags }) => [
      slug,
      {
        slug,
        name,
        modules: modules.map(({ module }) => module),
        plugin: plugins.get(slug) ?? null,
        grants: { scopes: grantedScopes, egress: grantedEgress },
        limits: limitsSchema.parse(limits),
        flags: flagsByName(flags),
      },
    ]),
  )
}

/** @param names @default all */
export async function readModules(
  tx: PlatformTransaction,
  names?: readonly string[],
): Promise<Map<string, RegisteredModule>> {
  const rows = await tx.module.findMany({
    ...(names && { where: { name: { in: [...names] } } }),
    include: { instances: { orderBy: { id: 'asc' }, omit: { moduleName: true } }, clientSdls: true },
  })
  return new Map(
    rows.map(({ clientSdls, tokenKeys, ...module }) => [
      module.name,
      {
        ...module,
        tokenKeys: tokenKeysSchema.parse(tokenKeys),
        clientSdls: new Map(
          clientSdls.flatMap(({ clientSlug, sdl }) => (sdl === null ? [] : [[clientSlug, sdl] as const])),
        ),
      },
    ]),
  )
}

/** Those that are not revoked, by hash. @param ids @default all */
export async function readApiKeys(
  tx: PlatformTransaction,
  ids?: readonly string[],
): Promise<Map<string, ApiKey>> {
  const rows = await tx.apiKey.findMany({
    where: { revokedAt: null, ...(ids && { id: { in: [...ids] } }) },
    select: { id: true, kind: true, clientSlug: true, tags: true, expiresAt: true, hash: true },
  })
  return new Map(rows.map(({ clientSlug, hash, ...key }) => [hash, { ...key, client: clientSlug }]))
}

export function indexKeys(
  keys: Iterable<readonly [string, ApiKey]>,
): Pick<RegistryState, 'apiKeys' | 'apiKeysById'> {
  const apiKeys = new Map(keys)
  return { apiKeys, apiKeysById: new Map([...apiKeys.values()].map((key) => [key.id, key])) }
}

export async function readCommonFlags(tx: PlatformTransaction): Promise<Map<string, RegisteredFlag>> {
  return flagsByName(await tx.flag.findMany({ where: { clientSlug: null }, orderBy: { name: 'asc' } }))
}

/** Those that have not expired. */
export async function readSigningKeys(db: Pick<PlatformTransaction, 'signingKey'>): Promise<PublicKey[]> {
  const rows = await db.signingKey.findMany({
    where: { expiresAt: { gt: new Date() } },
    orderBy: { kid: 'asc' },
  })
  return rows.map((row) => ({ ...row, jwk: jwkSchema.parse(row.jwk) }))
}

function flagsByName(flags: readonly RegisteredFlag[]): Map<string, RegisteredFlag> {
  return new Map(flags.map(({ name, enabled, percent }) => [name, { name, enabled, percent }]))
}

async function readActivePlugins(
  tx: PlatformTransaction,
  slugs?: readonly string[],
): Promise<Map<string, PluginSubgraph>> {
  const rows = await tx.$queryRaw<(PluginSubgraph & { client: string; needs: unknown })[]>`
    SELECT r.client, r.number, r.digest, r.sdl, r.rules, r.handlers, r.needs
    FROM plugin_release r JOIN client c ON c.slug = r.client AND c.active_release = r.number
    WHERE ${slugs === undefined} OR c.slug = ANY(${slugs ?? []})`
  return new Map(
    rows.map(({ client, needs, ...plugin }) => [
      client,
      { ...plugin, needs: pluginNeedsSchema.parse(needs) },
    ]),
  )
}
