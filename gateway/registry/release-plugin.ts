import { TrellisError } from '../../foundation/errors.ts'
import type { PluginNeeds } from '../../schema/plugin-build.ts'
import { type CompositionError, composeForClient } from '../composition/compose-for-client.ts'
import { subgraphSources } from '../supergraph/client-graph.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { readClientGraph } from './read-client-graph.ts'
import { readRegistryState } from './read-registry-state.ts'

export type NewRelease = {
  client: string
  /** Names the build on the lambda host. */
  digest: string
  /** The build's Federation 2 SDL. */
  sdl: string
  functions: readonly string[]
  rules: readonly string[]
  handlers: readonly string[]
  needs: PluginNeeds
  message: string | null
  /** As in events: `key:<id>`. */
  createdBy: string
  /** Goes through everything but the storing. */
  dryRun: boolean
}

/** `number`: the release's own, or the one it would have had. */
export type Released = { number: number; createdAt: Date; errors: CompositionError[] }

/**
 * Composes the client's modules with the plugin and, where that holds, stores the release as the one that is served.
 *
 * @throws {TrellisError} NOT_FOUND when there is no such client
 */
export function releasePlugin(db: PlatformDatabase, release: NewRelease): Promise<Released> {
  const { client: slug, digest, sdl, functions, rules, handlers, needs, message, createdBy, dryRun } = release
  return changeRegistry(db, createdBy, async (tx, record) => {
    const state = await readRegistryState(tx)
    const client = state.clients.get(slug)
    if (!client) throw new TrellisError('NOT_FOUND', 'There is no such client.')
    const last = await tx.pluginRelease.aggregate({ where: { clientSlug: slug }, _max: { number: true } })
    const number = (last._max.number ?? 0) + 1
    const clients = new Map(state.clients).set(slug, {
      ...client,
      plugin: { number, digest, sdl, rules, handlers, needs },
    })
    const graph = readClientGraph({ ...state, clients }, slug)
    const composition = composeForClient(graph ? subgraphSources(graph) : [])
    const createdAt = new Date()
    if (!composition.ok) return { number, createdAt, errors: composition.errors }
    if (!dryRun) {
      await tx.pluginRelease.create({
        data: {
          clientSlug: slug,
          number,
          digest,
          sdl,
          functions: [...functions],
          rules: [...rules],
          handlers: [...handlers],
          needs,
          message,
          createdAt,
          createdBy,
        },
      })
      await tx.client.update({ where: { slug }, data: { activeRelease: number } })
      await record({
        action: 'registry.plugin.released',
        subject: `client:${slug}`,
        client: slug,
        before: client.plugin && { release: client.plugin.number, digest: client.plugin.digest },
        after: { release: number, digest, message },
      })
    }
    return { number, createdAt, errors: [] }
  })
}
