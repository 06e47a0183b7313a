import { isStorableText } from '../../foundation/storable-text.ts'
import type { Notification } from '../../prisma/generated/notifications/client.ts'
import { type Connection, type PageArguments, type PagedList, readConnection } from '../connection.ts'
import { afterCreation, creationPosition } from '../creation-order.ts'
import type { NotificationsModule } from './notifications-module.ts'

export type ListNotificationsArguments = PageArguments & { unreadOnly?: boolean | null }

/**
 * A user's notifications, newest first. Whether the caller may see them is decided before.
 *
 * @throws {TrellisError} BAD_USER_INPUT, CURSOR_INVALID
 */
export async function listNotifications(
  { db, cursors }: NotificationsModule,
  { client, userId }: { client: string; userId: string },
  { unreadOnly, ...page }: ListNotificationsArguments,
): Promise<Connection<Notification>> {
  const id = isStorableText(userId) ? userId : ''
  const listed = { client, userId: id, ...(unreadOnly && { readAt: null }) }
  const list: PagedList<Notification> = {
    place: { client, list: `notifications:${unreadOnly ? 'unread' : 'all'}:${id}` },
    position: creationPosition,
    read: (after, take) =>
      db.notification.findMany({
        where: { ...listed, ...afterCreation(after, 'desc') },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take,
      }),
    count: () => db.notification.count({ where: listed }),
  }
  return readConnection(cursors, list, page)
}
