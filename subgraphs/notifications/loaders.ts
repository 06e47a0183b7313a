import DataLoader from 'dataloader'
import { isStorableText } from '../../foundation/storable-text.ts'
import type { Notification, PrismaClient } from '../../prisma/generated/notifications/client.ts'

export type NotificationLoaders = {
  /** By id; null for what does not exist or belongs to another client. */
  notification: DataLoader<string, Notification | null>
  /** By user id; 0 for whoever was never told anything. */
  unreadCount: DataLoader<string, number>
}

export function createNotificationLoaders(db: PrismaClient, client: string): NotificationLoaders {
  return {
    notification: new DataLoader(async (ids) => {
      const rows = await db.notification.findMany({
        where: { client, id: { in: ids.filter(isStorableText) } },
      })
      const byId = new Map(rows.map((row) => [row.id, row]))
      return ids.map((id) => byId.get(id) ?? null)
    }),
    unreadCount: new DataLoader(async (userIds) => {
      const counts = await db.notification.groupBy({
        by: ['userId'],
        where: { client, userId: { in: userIds.filter(isStorableText) }, readAt: null },
        _count: true,
      })
      const byUser = new Map(counts.map(({ userId, _count }) => [userId, _count]))
      return userIds.map((userId) => byUser.get(userId) ?? 0)
    }),
  }
}
