import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { actorOf } from '../../foundation/viewer.ts'
import { createClientWithKeys } from '../registry/create-client.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import type {
  ModuleInstance,
  RegisteredClient,
  RegisteredModule,
  RegistryState,
} from '../registry/registry-state.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { type PageArguments, toConnection } from './connection.ts'
import { onlyOperators } from './only-operators.ts'

export type ControlOptions = {
  db: PlatformDatabase
  state(): RegistryState
  /** Resolves once this replica knows all that the registry holds. */
  refresh(): Promise<void>
}

type NewClientArguments = { slug: string; name: string; modules?: string[] | null }

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
        const client = { slug, name, modules: modules ?? [] }
        const keys = await createClientWithKeys(db, client, actorOf(onlyOperators(context)))
        await refresh()
        return { client: state().clients.get(slug), ...keys }
      },
    },
    Client: {
      modules: ({ modules }: RegisteredClient) =>
        modules.map((name) => state().modules.get(name)).filter((module) => module !== undefined),
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
  }
}

/** A deployer knows of its own client only; another one's is for it as one that does not exist. */
function maySee({ viewer }: OperationContext, client: string): boolean {
  return viewer?.kind === 'OPERATOR' || viewer?.client === client
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
