import type { Notification } from '../../prisma/generated/notifications/client.ts'
import { requirePerson } from '../access.ts'
import type { Call } from '../call.ts'
import type { NotificationsModule } from './notifications-module.ts'
import { notificationCreated } from './notify.ts'

export type NotificationAdded = {
  notificationAdded: { cursor: string; lagged: number; notification: Notification }
}

/**
 * The viewer's own notifications: those after the cursor, then live. The log is read at the pace of the reader, so
 * that nothing is left out and `lagged` stays 0.
 *
 * @throws {TrellisError} FORBIDDEN; from the first event: CURSOR_INVALID, CURSOR_EXPIRED
 */
export function notificationAdded(
  module: NotificationsModule,
  { viewer, signal }: Call,
  after: string | null,
): AsyncGenerator<NotificationAdded> {
  const { client, userId } = requirePerson(viewer)
  const stream = { name: `notificationAdded:${userId}`, client, types: [notificationCreated] }
  return payloads(module, { client, userId }, module.events.tail(stream, after, signal))
}

async function* payloads(
  { db }: NotificationsModule,
  own: { client: string; userId: string },
  entries: ReturnType<NotificationsModule['events']['tail']>,
): AsyncGenerator<NotificationAdded> {
  for await (const { cursor, event } of entries) {
    if (event.data.userId !== own.userId) continue
    const notification = await db.notification.findFirst({ where: { ...own, id: event.subject } })
    if (notification) yield { notificationAdded: { cursor, lagged: 0, notification } }
  }
}
