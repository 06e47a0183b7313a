import type { PrismaClient } from '../../prisma/generated/lambdas/client.ts'
import type { BuiltPlugin } from './build-plugin.ts'
import { announceHandlers } from './handlers/handled-types.ts'

/** What has been built, by client and digest; never changed, so that an older release can always be run again. */
export type BuildStore = {
  /** Events for its handlers are noted from then on, whether it is released or not. */
  save(client: string, build: BuiltPlugin): Promise<void>
  find(client: string, digest: string): Promise<{ bundle: string; sdl: string; functions: string[] } | null>
}

export function createBuildStore(db: PrismaClient): BuildStore {
  return {
    async save(client, { digest, bundle, sdl, functions, handlers }) {
      await db.build.createMany({ data: [{ client, digest, bundle, sdl, functions }], skipDuplicates: true })
      await announceHandlers(db, client, handlers)
    },
    find: (client, digest) => db.build.findUnique({ where: { client_digest: { client, digest } } }),
  }
}
