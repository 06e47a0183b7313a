import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { TrellisError } from '../../foundation/errors.ts'
import type { PluginFile } from '../../schema/plugin-build.ts'
import { createApiKey } from '../registry/api-keys.ts'
import { createClient } from '../registry/create-client.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import type {
  ModuleInstance,
  RegisteredClient,
  RegisteredModule,
  RegistryState,
} from '../registry/registry-state.ts'
import type { GenerationStatus } from '../supergraph/generation-status.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { type PageArguments, toConnection } from './connection.ts'
import { type DeployedRelease, deployPlugin } from './deploy-plugin.ts'
import { onlyOperators } from './only-operators.ts'
import type { RequestBuild } from './request-build.ts'

export type ControlOptions = {
  db: PlatformDatabase
  state(): RegistryState
  requestBuild: RequestBuild
  /** Resolves once this replica knows all that the registry holds. */
  refresh(): Promise<void>
  /** Resolves once this replica serves what the registry holds for the client; null: that is nothing. */
  serve(client: string): Promise<GenerationStatus | null>
}

type NewClientArguments = { slug: string; name: string; modules?: string[] | null }
type DeployArguments = {
  client: string
  files: PluginFile[]
  message?: string | null
  dryRun?: boolean | null
}

export function createControlResolvers(options: ControlOptions) {
  const { db, state, refresh } = options
  return {
    DateTime: DateTimeResolver,
    JSON: JSONResolver,
    Query: {
      clients(_root: unknown, page: PageArguments, context: OperationContext) {
        onlyOperators(context)
        const nodes = [...state().clients.values()].sort((a, b) => compareText(a.slug, b.slug))
        return toConnection({ list: 'clients', nodes, keyOf: ({ slug }) => slug }, page)
      },
      client: (_root: unknown, { slug }: { slug: string }, context: OperationContext) =>
        maySee(context, slug) ? (state().clients.get(slug) ?? null) : null,
      modules(_root: unknown, _arguments: unknown, context: OperationContext) {
        onlyOperators(context)
        return [...state().modules.values()].sort((a, b) => compareText(a.name, b.name))
      },
    },
    Mutation: {
      async createClient(
        _root: unknown,
        { slug, name, modules }: NewClientArguments,
        context: OperationContext,
      ) {
        onlyOperators(context)
        await createClient(db, { slug, name, modules: modules ?? [] })
        const { secret: secretKey } = await createApiKey(db, { kind: 'SECRET', client: slug, name: 'First' })
        const { secret: deployKey } = await createApiKey(db, { kind: 'DEPLOY', client: slug, name: 'First' })
        await refresh()
        return { client: state().clients.get(slug), secretKey, deployKey }
      },
      deployPlugin(_root: unknown, deployment: DeployArguments, context: OperationContext) {
        const { client, files, message = null, dryRun } = deployment
        const { viewer } = context
        if (!viewer || !maySee(context, client))
          throw new TrellisError('NOT_FOUND', 'There is no such client.')
        return deployPlugin(options, { client, files, message, dryRun: dryRun ?? false, viewer })
      },
    },
    Client: {
      modules: ({ modules }: RegisteredClient) =>
        modules.map((name) => state().modules.get(name)).filter((module) => module !== undefined),
      async releases({ slug }: RegisteredClient, page: PageArguments) {
        const nodes = await readReleases(db, slug)
        return toConnection({ list: `releases:${slug}`, nodes, keyOf: ({ number }) => String(number) }, page)
      },
    },
    Module: {
      instances({ instances }: RegisteredModule, _arguments: unknown, context: OperationContext) {
        onlyOperators(context)
        return instances
      },
    },
    ModuleInstance: {
      status: ({ leaseExpiresAt }: ModuleInstance) =>
        leaseExpiresAt.getTime() > Date.now() ? 'HEALTHY' : 'GONE',
    },
    PluginRelease: {
      functions: ({ functions }: DeployedRelease) => functions.map((name) => ({ name })),
    },
  }
}

async function readReleases(db: PlatformDatabase, slug: string): Promise<DeployedRelease[]> {
  const client = await db.client.findUnique({
    where: { slug },
    include: { releases: { orderBy: { number: 'desc' }, omit: { sdl: true } } },
  })
  const { releases = [], activeRelease = null } = client ?? {}
  return releases.map((release) => ({ ...release, active: release.number === activeRelease, errors: [] }))
}

/** A deployer knows of its own client only; another one's is for it as one that does not exist. */
function maySee({ viewer }: OperationContext, client: string): boolean {
  return viewer?.kind === 'OPERATOR' || viewer?.client === client
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
