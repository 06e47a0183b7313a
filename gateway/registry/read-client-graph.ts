import type { ClientGraph } from '../supergraph/client-graph.ts'
import { ownModule } from './own-module.ts'
import type { RegistryState } from './registry-state.ts'

/**
 * What a client's supergraph is made of now; null when there is no such client, or nothing to compose for it.
 *
 * @param tags of a partner's key @default null: the client's own, whole graph
 */
export function readClientGraph(
  state: Pick<RegistryState, 'clients' | 'modules'>,
  slug: string,
  tags: readonly string[] | null = null,
): ClientGraph | null {
  const client = state.clients.get(slug)
  if (!client) return null
  const switchedOn = client.modules
    .map((name) => state.modules.get(name))
    .filter((module) => module !== undefined)
    .map(({ name, version, sdl, clientSdls }) => ({ name, version, sdl: clientSdls.get(slug) ?? sdl }))
    .filter(({ sdl }) => sdl.trim() !== '')
  if (switchedOn.length === 0 && !client.plugin) return null
  const modules = [...switchedOn, ownModule].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { client: slug, modules, plugin: client.plugin, contract: tags && { tags } }
}
