import type { ClientGraph } from '../supergraph/client-graph.ts'
import type { RegistryState } from './registry-state.ts'

/** What a client's supergraph is made of now; null when there is no such client, or nothing to compose for it. */
export function readClientGraph(state: RegistryState, slug: string): ClientGraph | null {
  const client = state.clients.get(slug)
  if (!client) return null
  const modules = client.modules
    .map((name) => state.modules.get(name))
    .filter((module) => module !== undefined)
    .filter(({ sdl }) => sdl.trim() !== '')
    .map(({ name, sdl }) => ({ name, sdl }))
  if (modules.length === 0 && !client.plugin) return null
  return { client: slug, modules, plugin: client.plugin }
}
