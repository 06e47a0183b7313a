import type { PluginOfClient, PluginRegistry } from '../../schema/plugin-registry.ts'
import type { Registry } from './registry.ts'
import type { RegisteredClient, RegistryState } from './registry-state.ts'

/** What the lambda host may know, as long as this replica is open. */
export type PluginRegistryView = {
  /** Resolves with what there is as soon as it is behind `after`; with what there is when the signal aborts. */
  behind(after: number, signal: AbortSignal): Promise<PluginRegistry>
}

/** Its revision is that of the last change that shows in it: the host is not woken by what is none of its business. */
export function createPluginRegistryView({
  state,
  onReload,
}: Pick<Registry, 'state' | 'onReload'>): PluginRegistryView {
  let seen: RegistryState | null = null
  let view: PluginRegistry = { revision: -1, clients: [] }
  const look = () => {
    const now = state()
    if (now.clients === seen?.clients && now.flags === seen.flags) return view
    seen = now
    const clients = pluginsOf(now)
    if (JSON.stringify(clients) !== JSON.stringify(view.clients) || view.revision < 0) {
      view = { revision: now.revision, clients }
    }
    return view
  }
  return {
    behind(after, signal) {
      const { promise, resolve } = Promise.withResolvers<PluginRegistry>()
      const end = () => {
        leave()
        signal.removeEventListener('abort', end)
        resolve(look())
      }
      const leave = onReload(() => {
        if (look().revision > after) end()
      })
      signal.addEventListener('abort', end)
      if (look().revision > after || signal.aborted) end()
      return promise
    },
  }
}

function pluginsOf({ clients, flags }: RegistryState): PluginOfClient[] {
  return [...clients.values()]
    .filter(({ plugin, limits }) => plugin !== null || Object.keys(limits).length > 0)
    .sort((a, b) => (a.slug < b.slug ? -1 : 1))
    .map((client) => pluginOf(client, flags))
}

function pluginOf(
  { slug, plugin, grants, limits, flags: own }: RegisteredClient,
  flags: RegistryState['flags'],
): PluginOfClient {
  return {
    client: slug,
    active: plugin && {
      number: plugin.number,
      digest: plugin.digest,
      handlers: [...plugin.handlers],
    },
    grants,
    limits,
    flags: [...new Map([...flags, ...own]).values()],
  }
}
