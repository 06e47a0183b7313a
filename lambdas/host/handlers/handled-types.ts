import DataLoader from 'dataloader'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import type { PluginRegistry } from '../plugin-registry.ts'

/** Whether a client's plugin may have a handler for an event. Rejects while the host's database is away. */
export type IsHandled = (event: Pick<PlatformEvent, 'client' | 'type'>) => Promise<boolean>

/** From a build to the moment in which every copy of the host knows that it is served, minutes; usually it is under a second. */
const announcedMinutes = 10

/**
 * A copy of the host hears of a release a moment after whoever deployed it. So what a build handles is announced in the
 * database before the build is answered: an event is passed over where the release that this copy knows of has no
 * handler for it, and no build of the last minutes either.
 */
export function createIsHandled(db: PrismaClient, registry: Pick<PluginRegistry, 'pluginOf'>): IsHandled {
  const announced = new DataLoader<Parameters<IsHandled>[0], boolean>(
    async (events) => {
      const rows = await db.$queryRaw<{ client: string; type: string }[]>`
        SELECT DISTINCT client, type FROM announced_handler
        JOIN jsonb_to_recordset(${JSON.stringify(events.map(({ client, type }) => ({ client, type })))}::jsonb)
          AS wanted(client text, type text) USING (client, type)
        WHERE announced_at > now() - make_interval(mins => ${announcedMinutes}::int)`
      return events.map(({ client, type }) => rows.some((row) => row.client === client && row.type === type))
    },
    { cache: false },
  )
  return async (event) => {
    const { active } = registry.pluginOf(event.client)
    return active?.handlers.includes(event.type) || announced.load(event)
  }
}

/** Durable when it resolves. */
export async function announceHandlers(
  db: Pick<PrismaClient, '$executeRaw'>,
  client: string,
  types: readonly string[],
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO announced_handler (client, type) SELECT ${client}, unnest(${types}::text[])
    ON CONFLICT (client, type) DO UPDATE SET announced_at = now()`
}
