import type { ModuleLog } from '../../events/log/module-log.ts'
import type { Log } from '../../foundation/log.ts'
import type { Prisma, PrismaClient } from '../../prisma/generated/notifications/client.ts'
import type { Call } from '../call.ts'
import type { Cursors } from '../cursors.ts'
import type { NotificationLoaders } from './loaders.ts'

export type NotificationsTransaction = Prisma.TransactionClient

/** What the operations of this module work with; one for the life of the process. */
export type NotificationsModule = {
  db: PrismaClient
  events: ModuleLog<NotificationsTransaction>
  cursors: Cursors
  log: Log
}

/** One for each operation, and for each event of a subscription. */
export type NotificationsContext = { module: NotificationsModule; call: Call; loaders: NotificationLoaders }
