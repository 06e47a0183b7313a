import { TrellisError } from '../../foundation/errors.ts'
import { type Changed, changeJudged, type Judging } from './change-judged.ts'
import type { RegisteredClient, RegistryState } from './registry-state.ts'

export type ModuleSwitch = {
  client: string
  module: string
  enabled: boolean
  /** Goes on although the client does not compose any more: what runs for it goes on running. */
  force: boolean
  /** As in events: `key:<id>`. */
  actor: string
}

/**
 * Switches a module on or off for a client, where its graph still composes then and its plugin loses nothing.
 *
 * @throws {TrellisError} NOT_FOUND for an unknown client, or module that is to be switched on
 */
export function switchModule(
  judging: Judging,
  { client: slug, module, enabled, force, actor }: ModuleSwitch,
): Promise<Changed<void>> {
  const switched = (client: RegisteredClient) => {
    const others = client.modules.filter((name) => name !== module)
    return enabled ? [...others, module].sort() : others
  }
  return changeJudged(judging, {
    actor,
    force,
    verdict(state) {
      const client = requireClient(state, slug)
      if (enabled && !state.modules.has(module)) {
        throw new TrellisError('NOT_FOUND', `No module ${module} has registered.`)
      }
      const after = { ...client, modules: switched(client) }
      return { after: { ...state, clients: new Map(state.clients).set(slug, after) }, clients: [slug] }
    },
    async make(tx, record, { state, forced }) {
      const client = requireClient(state, slug)
      if (client.modules.includes(module) === enabled) return
      const row = { clientSlug: slug, module }
      if (enabled) await tx.clientModule.create({ data: row })
      else await tx.clientModule.delete({ where: { clientSlug_module: row } })
      await record({
        action: enabled ? 'registry.client.module_enabled' : 'registry.client.module_disabled',
        subject: `client:${slug}`,
        client: slug,
        before: { modules: client.modules },
        after: { modules: switched(client) },
        forced,
      })
    },
  })
}

/** @throws {TrellisError} NOT_FOUND */
export function requireClient({ clients }: Pick<RegistryState, 'clients'>, slug: string): RegisteredClient {
  const client = clients.get(slug)
  if (client) return client
  throw new TrellisError('NOT_FOUND', 'There is no such client.')
}
