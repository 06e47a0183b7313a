import type { GraphQLSchema } from 'graphql'
import { LRUCache } from 'lru-cache'
import { TrellisError } from '../../foundation/errors.ts'
import type { BuildStore } from './build-store.ts'
import { buildPluginSchema } from './plugin-schema.ts'

/** A build that can be asked: its schema, and the script its lambdas are in. */
export type ExecutableBuild = { bundle: string; schema: GraphQLSchema }

/** @throws {TrellisError} NOT_FOUND */
export type FindBuild = (client: string, digest: string) => Promise<ExecutableBuild>

/** How many are kept, and how long without a call, milliseconds; read again in a few milliseconds. */
const mostKept = 1_000
const idleMs = 60_000

/** `forget`: it is read again when it is asked for. */
export function createFindBuild(store: BuildStore): {
  find: FindBuild
  forget(client: string, digest: string): void
} {
  const builds = new LRUCache<string, Promise<ExecutableBuild>>({
    max: mostKept,
    ttl: idleMs,
    updateAgeOnGet: true,
  })

  async function read(client: string, digest: string): Promise<ExecutableBuild> {
    const stored = await store.find(client, digest)
    if (!stored) throw new TrellisError('NOT_FOUND', 'There is no such build.')
    return { bundle: stored.bundle, schema: buildPluginSchema(stored.sdl, stored.functions) }
  }
  return {
    find(client, digest) {
      const name = `${client}/${digest}`
      const known = builds.get(name)
      if (known) return known
      builds.purgeStale()
      const reading = read(client, digest)
      builds.set(name, reading)
      reading.catch(() => builds.delete(name))
      return reading
    },
    forget: (client, digest) => void builds.delete(`${client}/${digest}`),
  }
}
