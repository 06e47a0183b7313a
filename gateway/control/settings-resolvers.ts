import { TrellisError } from '../../foundation/errors.ts'
import { actorOf } from '../../foundation/viewer.ts'
import { admitSchema } from '../registry/admit-schema.ts'
import type { Judging } from '../registry/change-judged.ts'
import { grantPlugin } from '../registry/grant-plugin.ts'
import type { RegisteredClient, RegisteredFlag, RegistryState } from '../registry/registry-state.ts'
import { setFlag } from '../registry/set-flag.ts'
import { type LimitChanges, setLimits } from '../registry/set-limits.ts'
import { switchModule } from '../registry/switch-module.ts'
import type { Refusal } from '../registry/tell-refusal.ts'
import type { GenerationStatus } from '../supergraph/generation-status.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { onlyOperators } from './only-operators.ts'

export type SettingsOptions = Judging & {
  state(): RegistryState
  /** Resolves once this replica knows all that the registry holds. */
  refresh(): Promise<void>
  /** Resolves once this replica serves what the registry holds for the client; null: that is nothing. */
  serve(client: string): Promise<GenerationStatus | null>
}

type SwitchArguments = { client: string; module: string; force?: boolean | null }
type AdmitArguments = { module: string; client?: string | null; sdl: string }
type FlagArguments = { name: string; client?: string | null; enabled: boolean; percent?: number | null }
type GrantArguments = { client: string; scopes: string[]; egress: string[] }

/** What operators set: modules, flags, grants and limits. Served here when it is answered, elsewhere within a second. */
export function createSettingsResolvers(options: SettingsOptions) {
  const { db, state, refresh, serve } = options
  const switching = (enabled: boolean) => {
    return async (_root: unknown, { client, module, force }: SwitchArguments, context: OperationContext) => {
      const actor = actorOf(onlyOperators(context))
      const changed = await switchModule(options, { client, module, enabled, force: force ?? false, actor })
      if (!changed.ok) throw schemaRefused(changed.errors)
      return serve(client)
    }
  }
  const clientNow = async (slug: string) => {
    await refresh()
    return state().clients.get(slug)
  }
  return {
    Query: {
      flags(_root: unknown, _arguments: unknown, context: OperationContext) {
        onlyOperators(context)
        return allFlags(state())
      },
    },
    Mutation: {
      enableModule: switching(true),
      disableModule: switching(false),
      async admitModuleSchema(
        _root: unknown,
        { client = null, ...schema }: AdmitArguments,
        context: OperationContext,
      ) {
        await admitSchema(db, { ...schema, client }, actorOf(onlyOperators(context)))
        await refresh()
        return state().modules.get(schema.module)
      },
      async setFlag(_root: unknown, { client = null, ...flag }: FlagArguments, context: OperationContext) {
        const setting = { ...flag, client, percent: flag.percent ?? null }
        await setFlag(db, setting, actorOf(onlyOperators(context)))
        await refresh()
        return setting
      },
      async grantPlugin(_root: unknown, grant: GrantArguments, context: OperationContext) {
        await grantPlugin(db, grant, actorOf(onlyOperators(context)))
        return clientNow(grant.client)
      },
      async setLimits(
        _root: unknown,
        input: { client: string; limits: LimitChanges },
        context: OperationContext,
      ) {
        await setLimits(db, input, actorOf(onlyOperators(context)))
        return clientNow(input.client)
      },
    },
    Client: {
      plugin: ({ plugin, grants, limits }: RegisteredClient) => ({
        release: plugin?.number ?? null,
        needs: plugin?.needs ?? null,
        grants,
        limits,
      }),
      flags: ({ slug, flags }: RegisteredClient) => flagsOf(flags, slug),
    },
  }
}

function allFlags({ flags, clients }: RegistryState) {
  const ofClients = [...clients.values()].flatMap(({ slug, flags }) => flagsOf(flags, slug))
  return [...flagsOf(flags, null), ...ofClients].sort(
    (a, b) => compareText(a.name, b.name) || compareText(a.client ?? '', b.client ?? ''),
  )
}

function flagsOf(flags: ReadonlyMap<string, RegisteredFlag>, client: string | null) {
  return [...flags.values()].map((flag) => ({ ...flag, client }))
}

function schemaRefused(errors: readonly Refusal[]) {
  const [first] = errors
  const more = errors.length > 1 ? ' And more: `extensions.errors`.' : ''
  return new TrellisError('SCHEMA_REFUSED', `${first?.message ?? 'It does not compose.'}${more}`, {
    extensions: { errors },
  })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
