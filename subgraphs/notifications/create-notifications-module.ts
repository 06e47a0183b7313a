import type { Close } from '../../foundation/closing.ts'
import type { PrismaClient } from '../../prisma/generated/notifications/client.ts'
import type { SubgraphModule } from '../create-subgraph.ts'
import { oldIdempotencyKeys, startPurging } from '../purge.ts'
import type { ModuleGround } from '../start-module.ts'
import { createNotificationLoaders } from './loaders.ts'
import type {
  NotificationsContext,
  NotificationsModule,
  NotificationsTransaction,
} from './notifications-module.ts'
import { notificationsResolvers } from './resolvers.ts'

/** The notifications module on its ground. */
export async function createNotificationsModule(
  { db, events, cursors, log }: ModuleGround<PrismaClient, NotificationsTransaction>,
  closeLater: (close: Close) => void,
): Promise<SubgraphModule<NotificationsContext>> {
  closeLater(startPurging({ db, log, purges: [oldIdempotencyKeys] }))
  const module: NotificationsModule = { db, events, cursors, log }
  return {
    name: 'notifications',
    resolvers: notificationsResolvers,
    createContext: (call) => ({ module, call, loaders: createNotificationLoaders(db, call.viewer.client) }),
  }
}
